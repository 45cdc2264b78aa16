import { nearest } from '../../nearest.ts'
import { compareNames, orderName } from '../../file-order.ts'
import type { MigrationFile } from '../migration.ts'
import type { Check } from './check-input.ts'

/** Requirements that the order of the files cannot meet. */
export const unmetRequirement: Check = {
  code: 'unmet_requirement',
  severity: 'P0',
  summary: 'A migration that requires one that does not exist or comes later can never be applied.',

  check({ files, migrations }) {
    // A squashed file stands where the last of what it replaces stood, so the order of those names still tells.
    const replaced = files.flatMap(({ replaces = [] }) => replaces)
    const places = new Map([...replaced.map((name) => [name, name] as const), ...files.map(placeOf)])
    return migrations.flatMap(({ file, name, requires }) =>
      requires.flatMap((required) => {
        const problem = problemOf(name, required, places)
        return problem === undefined ? [] : [{ file: file.path, object: name, ...problem }]
      }),
    )
  },
}

function placeOf(file: MigrationFile): readonly [name: string, place: string] {
  return [file.name, orderName(file)]
}

function problemOf(
  name: string,
  required: string,
  places: ReadonlyMap<string, string>,
): { message: string; remedy: string } | undefined {
  if (name === required) return { message: 'It requires itself.', remedy: 'Remove its own name from requires.' }
  const place = places.get(required)
  if (place === undefined) {
    const close = nearest(required, places.keys())
    return {
      message: `It requires ${required}, and there is no such migration.`,
      remedy: close === undefined ? 'Correct the name, or add the missing file.' : `Did you mean ${close}?`,
    }
  }
  if (compareNames(place, places.get(name) ?? name) < 0) return undefined
  return {
    message: `It requires ${required}, which comes after it.`,
    remedy: 'Give it a name that sorts after what it requires.',
  }
}
