import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import { stringify } from 'smol-toml'
import { withoutNotNullConstraints, type Catalog, type Difference, type ObjectKind } from '../catalog/catalog.ts'
import { sqlMigrationText, writeGenerated } from '../migrations/new-migration.ts'
import { readMigrationFiles, type MigrationDirectory } from '../migrations/migrations.ts'
import { replay, type ReplayOptions } from '../shadow/shadow.ts'
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
  if ('problem' in result) return { files: [sqlFile(name, generated)], problem: result.problem }
  const { statements, concurrently } = restStatements(inPresentOrder(wanted, result.catalog), result.catalog)
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

// The files are written beside the others' place, and read and run together with them.
async function tryOut(
  { directories, now, shadow }: ActionFilesInput,
  candidates: readonly GeneratedFile[],
): Promise<{ readonly catalog: Catalog } | { readonly problem: string }> {
  await mkdir(shadow.directory, { recursive: true })
  const directory = await mkdtemp(path.join(shadow.directory, 'generated-'))
  try {
    const place = { path: directory, absolute: directory }
    for (const { name, format, text } of candidates) {
      const existing = await readMigrationFiles([...directories, place])
      await writeGenerated({ name, format, directory: place, existing, now }, text)
    }
    const files = await readMigrationFiles([...directories, place])
    const { files: outcomes, catalog } = await replay(files, shadow)
    const own = new Set(files.filter((file) => file.absolutePath.startsWith(directory)).map(({ name }) => name))
    const failed = outcomes.find(({ name, outcome }) => own.has(name) && outcome !== 'applied')
    if (failed !== undefined) return { problem: failed.problem?.message ?? 'They cannot be run here.' }
    return { catalog: withoutNotNullConstraints(catalog) }
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
