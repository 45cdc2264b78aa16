import { stringify } from 'smol-toml'
import { withoutNotNullConstraints, type Catalog, type Difference, type ObjectKind } from '../catalog/catalog.ts'
import { sqlMigrationText } from '../migrations/new-migration.ts'
import type { MigrationDirectory } from '../migrations/migrations.ts'
import { tryOut, type ReplayOptions } from '../shadow/shadow.ts'
import type { Generated } from './generate.ts'
import { enumsNeededBefore, renderActions } from './render-actions.ts'
import type { RenderedAction } from './rendered-action.ts'
import { restStatements, statementsBetween, type Statements } from './rest-statements.ts'
import { inPresentOrder } from './unsaid.ts'

/** What files of actions are made from. */
export interface ActionFilesInput {
  readonly generated: Generated
  readonly base: string
  /** What it does, in a few words. */
  readonly name: string
  readonly directories: readonly [MigrationDirectory, ...MigrationDirectory[]]
  readonly now: Date
  readonly shadow: ReplayOptions
}

/** A file to write: what it is called besides the common name, its format and its text. */
export interface GeneratedFile {
  readonly name: string
  readonly format: 'sql' | 'toml'
  readonly text: string
}

/** The files, in their order; and where actions do not do it, why. */
export interface ActionFiles {
  readonly files: readonly GeneratedFile[]
  readonly problem: string | null
}

/**
 * The files that do a change by actions as far as there are any: SQL for what tables need before them, the actions, and SQL
 * for the rest. The actions are run on a throw-away database, so that the rest is what they really leave.
 */
export async function actionFiles(input: ActionFilesInput): Promise<ActionFiles> {
  const { generated, base, name } = input
  const { wanted, current, renames } = generated
  const actions = renderActions({ wanted, current, renames, base })
  if (actions.length === 0) return { files: [sqlFile(name, generated)], problem: null }
  const before = neededBefore(wanted, current, enumsNeededBefore({ wanted, current, base }))
  const first = [
    ...(before.up.length === 0 ? [] : [sqlFile(`${name} before`, before)]),
    { name, format: 'toml' as const, text: tomlText(name, actions) },
  ]
  const result = await tryOut(input, first)
  if ('failed' in result) {
    const problem = result.failed.problem?.message ?? 'They cannot be run here.'
    return { files: [sqlFile(name, generated)], problem }
  }
  const tried = withoutNotNullConstraints(result.catalog)
  const { statements, concurrently } = restStatements(inPresentOrder(wanted, tried), tried)
  const rest = [
    ...(statements.up.length === 0 ? [] : [sqlFile(`${name} after`, statements)]),
    ...(concurrently.up.length === 0 ? [] : [withoutTransaction(sqlFile(`${name} indexes`, concurrently))]),
  ]
  return { files: [...first, ...rest], problem: null }
}

function sqlFile(name: string, { up, down }: Statements): GeneratedFile {
  return { name, format: 'sql', text: sqlMigrationText(up, down) }
}

function withoutTransaction({ text, ...file }: GeneratedFile): GeneratedFile {
  return { ...file, text: `-- metastore: no-transaction\n\n${text}` }
}

const needed: ReadonlySet<ObjectKind> = new Set(['schema', 'extension', 'collation', 'sequence', 'type', 'routine'])

// What tables and columns may be made of, where no action makes it.
function neededBefore(wanted: Catalog, current: Catalog, enums: ReadonlySet<string>): Statements {
  const isNeeded = ({ kind, object, expected }: Difference) =>
    kind === 'missing' &&
    needed.has(object.kind) &&
    !(expected?.kind === 'type' && expected.value.kind === 'enum' && !enums.has(expected.value.name))
  return statementsBetween(wanted, current, isNeeded)
}

function tomlText(name: string, actions: readonly RenderedAction[]): string {
  const head = stringify({ description: name }).trimEnd()
  const parts = actions.map(
    ({ action, advice }) =>
      `${advice === undefined ? '' : `# ${advice}\n`}${stringify({ actions: [action] }).trimEnd()}`,
  )
  return `${[head, ...parts].join('\n\n')}\n`
}
