import { stringify } from 'smol-toml'
import { MetastoreError } from '../../../errors.ts'
import { nearest } from '../../../nearest.ts'
import type { ActionDeclaration } from './declaration.ts'
import { actionDeclarations } from './declarations.ts'
import { keysOf } from './schema-walk.ts'
import { listed } from './unknown-keys.ts'

/** What a new file of actions is made from. */
export interface ActionTemplate {
  readonly title: string
  readonly format: 'toml' | 'json'
  /** The types of its actions, in order. */
  readonly types: readonly string[]
}

/** The text of a new file of actions: it parses, and what its author has to say is in capitals. Throws `usage`. */
export function actionTemplate({ title, format, types }: ActionTemplate): string {
  const declared = types.map(declarationOf)
  if (format === 'json') {
    const actions = declared.map(({ type, template }) => ({ type, ...template }))
    return `${JSON.stringify({ description: title, actions }, null, 2)}\n`
  }
  const head = stringify({ description: title }).trimEnd()
  if (declared.length === 0) return `${head}\nactions = []\n`
  const advice = '# Words in capitals are yours to fill in; `metastore docs actions` explains every key.'
  return `${[head, advice, ...declared.map(tomlAction)].join('\n\n')}\n`
}

function tomlAction(declaration: ActionDeclaration): string {
  const { type, template } = declaration
  const further = (keysOf(declaration.schema) ?? [])
    .map(([key]) => key)
    .filter((key) => key !== 'type' && !Object.hasOwn(template, key))
  const comment = further.length === 0 ? '' : `# Further keys: ${listed(further)}.\n`
  return `${comment}${stringify({ actions: [{ type, ...template }] }).trimEnd()}`
}

function declarationOf(type: string): ActionDeclaration {
  const types = actionDeclarations.map((declaration) => declaration.type)
  const declaration = actionDeclarations[types.indexOf(type)]
  if (declaration !== undefined) return declaration
  const close = nearest(type, types)
  throw new MetastoreError({
    code: 'usage',
    message: `There is no action ${JSON.stringify(type)}.`,
    where: '--action',
    remedy: close === undefined ? `Actions are ${listed(types)}.` : `Did you mean ${close}?`,
  })
}
