import type { Dialect } from '../../../database/sql.ts'
import { MetastoreError } from '../../../errors.ts'
import type { Action } from '../../actions/action.ts'
import type { Migration, MigrationFile } from '../../migration.ts'
import { combineProblems, problemAt, wholeFile, type Problem } from '../../problems.ts'
import { actionFile, actionTypes } from './declarations.ts'
import { locate, type ActionDocument, type Table } from './document.ts'
import { jsonDocument } from './json-document.ts'
import { samePath, shownPath } from './key-path.ts'
import { longestMigrationName } from './schema.ts'
import { shapeProblems, type ShapeProblem } from './shape-problems.ts'
import { sqlFaults } from './sql-faults.ts'
import { sqlTexts } from './sql-texts.ts'
import { offsetInFile } from './string-offset.ts'
import { tomlDocument } from './toml-document.ts'
import { listed, withoutUnknownKeys, type KnownData, type UnknownKey } from './unknown-keys.ts'

/**
 * Reads a migration written as actions, in TOML or JSON. SQL in it is looked at by PostgreSQL's parser, but not bound.
 * Throws `migration_invalid` and `sql_syntax`: the first thing that is wrong, with all others in its details.
 */
export async function parseActionsMigration(file: MigrationFile, dialect: Dialect): Promise<Migration> {
  if (dialect === 'sqlite') throw notOnSqlite(file)
  const document = isJson(file) ? jsonDocument(file.source) : tomlDocument(file.source)
  const syntax = document.problems.map((problem): Found => ({ code: 'migration_invalid', ...problem }))
  if (document.data === undefined) throw invalid(file, syntax)
  const known = withoutUnknownKeys(actionFile, document.data)
  const unknown = known.unknown.map((key) => unknownKey(file, document, key))
  const isStrict = file.unknownKeys !== 'warn'
  const result = actionFile.safeParse(known.data)
  const issues = result.error?.issues ?? []
  const shape = shapeProblems(
    { schema: actionFile, data: known.data, notation: document.notation, types: actionTypes },
    issues,
  )
  const found: Found[] = [
    ...syntax,
    ...(isStrict ? unknown : []),
    ...misusedTables(known, document),
    ...shape
      .filter((problem) => !isStrict || !known.unknown.some((key) => explains(key, problem)))
      .map((problem) => atPath(document, problem)),
    ...(await syntaxProblems(file, document, known.data)),
  ]
  const nameProblems = tooLongName(file, document.data)
  if (!result.success || found.length + nameProblems.length > 0) throw invalid(file, found, nameProblems)
  const { description, actions } = result.data
  const ignored = [...(isStrict ? [] : unknown), ...withoutEffect(document, actions)]
  return {
    file,
    name: file.name,
    description,
    priority: 'P1',
    requires: [],
    up: { kind: 'actions', path: file.path, source: file.source, actions, locate: (path) => locate(document, path) },
    down: undefined,
    warnings: ignored.map(({ offset, message, remedy }) =>
      problemAt(wholeFile(file.source, file.path), offset, { code: 'key_ignored', message, remedy }),
    ),
  }
}

// What comes from a history has no file, so no extension; no TOML begins with a brace.
function isJson({ path, source }: MigrationFile): boolean {
  return /\.json$/i.test(path) || (!/\.toml$/i.test(path) && /^\s*\{/.test(source))
}

/** Something wrong, by its place in the file. */
type Found = Problem & { readonly offset: number }

function invalid(file: MigrationFile, found: readonly Found[], others: readonly MetastoreError[] = []): MetastoreError {
  const sorted = found.toSorted((one, other) => one.offset - other.offset)
  const told = sorted
    .slice(0, mostProblems)
    .map(({ offset, ...problem }) => problemAt(wholeFile(file.source, file.path), offset, problem))
  const rest = sorted.length > mostProblems ? [furtherProblems(file, sorted.length - mostProblems)] : []
  const problem = combineProblems([...others, ...told, ...rest])
  if (problem === undefined) throw new RangeError(`${file.path} was refused for no reason.`)
  return problem
}

// Nobody reads more, and a file that was never meant to be a migration can have any number.
const mostProblems = 100

function furtherProblems({ path }: MigrationFile, count: number): MetastoreError {
  return new MetastoreError({
    code: 'migration_invalid',
    message: `${count} further problems are not shown.`,
    where: path,
    remedy: 'Correct those that are shown first.',
  })
}

function atPath(document: ActionDocument, { path, message, remedy }: ShapeProblem): Found {
  return { code: 'migration_invalid', offset: locate(document, path), message, remedy }
}

function unknownKey({ unknownKeys }: MigrationFile, { key }: ActionDocument, unknown: UnknownKey): Found {
  const { path, nearest, isMisplaced, remedy } = unknown
  const isIgnored = unknownKeys === 'warn' ? ', and is ignored' : ''
  const place =
    isMisplaced && nearest ? `; the nearest place for ${shownPath(path.slice(-1))} is ${shownPath(nearest)}` : ''
  const message = `${shownPath(path)} is not known${isIgnored}${place}.`
  return { code: 'migration_invalid', offset: key(path)?.start ?? 0, message, remedy }
}

// A misspelt key makes the right one missing, which nobody needs to be told as well.
function explains({ path, nearest }: UnknownKey, problem: ShapeProblem): boolean {
  if (nearest === undefined) return false
  const meant = samePath(problem.path, nearest)
  const around = problem.path.length === path.length - 1 && samePath(problem.path, path.slice(0, -1))
  return meant || (around && nearest.length === path.length)
}

function misusedTables({ misused }: KnownData, document: ActionDocument): Found[] {
  const { notation } = document
  const table = notation.language === 'JSON' ? 'an object' : 'a table'
  return misused.map(({ path, keys }) =>
    atPath(document, {
      path,
      message: `${shownPath(path)} must be a string, or ${table} with ${listed(keys)}.`,
      remedy: `Write the expression as a string: ${notation.pair(String(path.at(-1)), '"…"')}.`,
    }),
  )
}

async function syntaxProblems(file: MigrationFile, document: ActionDocument, data: unknown): Promise<Found[]> {
  const problems: Found[] = []
  for (const { path, kind, text } of sqlTexts(actionFile, data)) {
    const span = document.value(path)
    for (const { code, offset, verdict, remedy } of await sqlFaults(kind, text)) {
      const place = span === undefined ? locate(document, path) : offsetInFile(file.source, span, text, offset)
      problems.push({ code, offset: place, message: `${shownPath(path)} ${verdict}.`, remedy })
    }
  }
  return problems
}

// A name that the file gives itself is looked at with the rest of what it says.
function tooLongName({ name, path }: MigrationFile, data: Table): MetastoreError[] {
  const bytes = Buffer.byteLength(name)
  if (bytes <= longestMigrationName || typeof data['name'] === 'string') return []
  return [
    new MetastoreError({
      code: 'migration_invalid',
      message: `The name ${name} has ${bytes} bytes, and ${longestMigrationName} are allowed: its schema migration_<name> would be cut off.`,
      where: path,
      remedy: 'Give the file a shorter name, or the migration one of its own: name = "…".',
    }),
  ]
}

function withoutEffect(document: ActionDocument, actions: readonly Action[]): Found[] {
  return actions.flatMap((action, index) => {
    if (action.type !== 'create_table' || action.up?.where === undefined) return []
    const path = ['actions', index, 'up', 'where']
    const message = `${shownPath(path)} does nothing: every row of the source is copied.`
    const remedy = 'Remove it, or make the table without up and fill it by a custom action.'
    return [{ code: 'migration_invalid' as const, offset: document.key(path)?.start ?? 0, message, remedy }]
  })
}

function notOnSqlite({ path }: MigrationFile): MetastoreError {
  return new MetastoreError({
    code: 'migration_invalid',
    message: `${path} holds actions, and actions need PostgreSQL or PGlite.`,
    where: path,
    remedy: 'Write the migration as SQL, or take a pglite: URL, which needs no server either.',
  })
}
