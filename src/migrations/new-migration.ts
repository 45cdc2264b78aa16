import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MetastoreError } from '../errors.ts'
import { compareNames, orderName } from '../file-order.ts'

/** What a new migration file is made from. */
export interface NewMigration {
  /** What it does, in a few words. */
  readonly name: string
  readonly format: string
  /** The types of the actions that it begins with, for a file of actions. */
  readonly actions?: readonly string[]
  readonly directory: { readonly path: string; readonly absolute: string }
  /** The migrations there are, in order. */
  readonly existing: readonly { readonly name: string; readonly stem?: string | undefined }[]
  readonly now: Date
}

/** Writes the file of a new migration and returns its path as people see it. Throws `usage`, `file_exists`, `file_unwritable`. */
export async function newMigration(migration: NewMigration): Promise<string> {
  return writeFileOf(migration, await textOf(migration))
}

/** The text of an SQL migration whose statements are known, each without a semicolon. */
export function sqlMigrationText(up: readonly string[], down: readonly string[]): string {
  const part = (statements: readonly string[]) => statements.map((statement) => `${statement};\n`).join('\n')
  return `${part(up)}\n-- metastore:down\n\n${part(down)}`
}

/** Writes the file of a migration whose text is known and returns its path as people see it. Throws as `newMigration` does. */
export async function writeGenerated(migration: Omit<NewMigration, 'actions'>, text: string): Promise<string> {
  return writeFileOf(migration, text)
}

async function writeFileOf(migration: NewMigration, text: string): Promise<string> {
  const title = slug(migration.name)
  const fileName = `${nextNumber(migration.existing, migration.now)}_${title}.${migration.format}`
  await mkdir(migration.directory.absolute, { recursive: true })
  try {
    await writeFile(join(migration.directory.absolute, fileName), text, { flag: 'wx' })
  } catch (cause) {
    throw notWritten(join(migration.directory.path, fileName), cause)
  }
  return join(migration.directory.path, fileName)
}

/** The number that continues those there are: 004 after 003, a time stamp of the same precision after a time stamp. */
export function nextNumber(existing: NewMigration['existing'], now: Date): string {
  const newest = existing
    .map((file) => /^\d+/.exec(orderName(file))?.[0])
    .filter((digits) => digits !== undefined)
    .at(-1)
  const stamp = now.toISOString().replaceAll(/\D/g, '').slice(0, 14)
  if (newest === undefined) return stamp
  const isStamped = newest.length >= 8 && compareNames(newest, stamp) < 0
  return isStamped ? stamp : String(BigInt(newest) + 1n).padStart(newest.length, '0')
}

function slug(name: string): string {
  const title = name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .slice(0, 53 - 15)
    .replace(/_+$/, '')
  if (title !== '') return title
  throw new MetastoreError({
    code: 'usage',
    message: `${JSON.stringify(name)} gives no file name.`,
    remedy: 'Say what the migration does in letters or digits: metastore new add runs table.',
  })
}

const actionFormats = ['toml', 'json'] as const

async function textOf({ name: title, format, actions: types = [] }: NewMigration): Promise<string> {
  const actionFormat = actionFormats.find((known) => known === format)
  if (actionFormat !== undefined) {
    const { actionTemplate } = await import('./formats/actions/template.ts')
    return actionTemplate({ title, format: actionFormat, types })
  }
  const template = Object.hasOwn(templates, format) ? templates[format] : undefined
  if (template === undefined) throw unknownFormat(format)
  if (types.length > 0) throw noActions(format)
  return template(title)
}

const templates: Record<string, (title: string) => string> = {
  sql: (title) => `-- metastore: description="${title.replaceAll(/["\n]/g, ' ')}"


-- metastore:down
-- Write here what undoes it. While this part is empty, the migration cannot be rolled back.
`,
  ts: (title) =>
    scriptTemplate(title, "import type { ScriptContext } from 'metastore/migrations'\n\n", ': ScriptContext'),
  js: (title) =>
    scriptTemplate(title, "/** @typedef {import('metastore/migrations').ScriptContext} ScriptContext */\n\n", ''),
}

function scriptTemplate(title: string, imports: string, type: string): string {
  return `${imports}export const description = ${JSON.stringify(title)}

/** Runs in one transaction with its history row. */
export async function up({ db, sql }${type}) {
  await db.query(sql\`select 1\`)
}

/** Undoes it; remove this function if it cannot be undone. */
export async function down({ db, sql }${type}) {
  await db.query(sql\`select 1\`)
}
`
}

function unknownFormat(format: string): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: `There is no format ${JSON.stringify(format)}.`,
    remedy: `Use --format ${[...Object.keys(templates), ...actionFormats].join(', ')}.`,
  })
}

function noActions(format: string): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: `A migration in ${format} has no actions.`,
    where: '--action',
    remedy: 'Leave --format away, or use --format toml or --format json.',
  })
}

function notWritten(path: string, cause: unknown): MetastoreError {
  const exists = (cause as NodeJS.ErrnoException).code === 'EEXIST'
  return new MetastoreError({
    code: exists ? 'file_exists' : 'file_unwritable',
    message: exists ? `${path} is there already.` : `${path} cannot be written: ${(cause as Error).message}`,
    where: path,
    remedy: exists ? 'Choose another name.' : 'Check the permissions of the directory.',
    cause,
  })
}
