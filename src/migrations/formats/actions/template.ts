import { stringify } from 'smol-toml'
import type { ActionDeclaration } from './declaration.ts'
import { declarationOf } from './declarations.ts'
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

/** The text of a file of actions that are known. */
export function actionsText(
  title: string,
  format: 'toml' | 'json',
  actions: readonly Readonly<Record<string, unknown>>[],
): string {
  if (format === 'json') return `${JSON.stringify({ description: title, actions }, null, 2)}\n`
  const parts = actions.map((action) => stringify({ actions: [action] }).trimEnd())
  return `${[stringify({ description: title }).trimEnd(), ...parts].join('\n\n')}\n`
}

function tomlAction(declaration: ActionDeclaration): string {
  const { type, template } = declaration
  const further = (keysOf(declaration.schema) ?? [])
    .map(([key]) => key)
    .filter((key) => key !== 'type' && !Object.hasOwn(template, key))
  const comment = further.length === 0 ? '' : `# Further keys: ${listed(further)}.\n`
  return `${comment}${stringify({ actions: [{ type, ...template }] }).trimEnd()}`
}
