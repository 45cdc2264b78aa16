import { nearest } from '../../nearest.ts'
import { compareNames } from '../order.ts'
import type { Check } from './check-input.ts'

/** Requirements that the order of the files cannot meet. */
export const unmetRequirement: Check = {
  code: 'unmet_requirement',
  severity: 'P0',
  summary: 'A migration that requires one that does not exist or comes later can never be applied.',

  check({ files, migrations }) {
    const names = files.map(({ name }) => name)
    // A squashed file stands where the last of what it replaces stood, so the order of those names still tells.
    names.push(...files.flatMap(({ replaces = [] }) => replaces))
    return migrations.flatMap(({ file, name, requires }) =>
      requires.flatMap((required) => {
        const problem = problemOf(name, required, names)
        return problem === undefined ? [] : [{ file: file.path, object: name, ...problem }]
      }),
    )
  },
}

function problemOf(
  name: string,
  required: string,
  names: readonly string[],
): { message: string; remedy: string } | undefined {
  if (name === required) return { message: 'It requires itself.', remedy: 'Remove its own name from requires.' }
  if (!names.includes(required)) {
    const close = nearest(required, names)
    return {
      message: `It requires ${required}, and there is no such migration.`,
      remedy: close === undefined ? 'Correct the name, or add the missing file.' : `Did you mean ${close}?`,
    }
  }
  if (compareNames(required, name) < 0) return undefined
  return {
    message: `It requires ${required}, which comes after it.`,
    remedy: 'Give it a name that sorts after what it requires.',
  }
}
