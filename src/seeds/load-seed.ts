import { existsSync } from 'node:fs'
import path from 'node:path'
import type { Dialect, Sql, Transaction } from '../database/database.ts'
import { MetastoreError } from '../errors.ts'
import { csvRows, jsonLines } from './rows/file-rows.ts'
import { jsonNodes } from './format/nodes/json-nodes.ts'
import { placeOf, type Problems, type SourceText } from './problem.ts'
import { cellRows, notData } from './rows/made-rows.ts'
import { headerOf, names, readHeader } from './format/seed-header.ts'
import { modeOf, readDataFile, readDocument, readRow } from './format/read-data-file.ts'
import { report, type Reading } from './format/read-cell.ts'
import { listedRows, type RowSource } from './rows/row-source.ts'
import { scriptValue } from './format/script-value.ts'
import type { DataStep, Expectation, SeedDocument } from './format/seed-document.ts'
import type { SeedFile } from './format/seed-file.ts'
import type { SeedInputs } from './world.ts'

/** A statement of an SQL seed, and where it begins. */
export interface SeedStatement {
  readonly text: string
  readonly offset: number
}

/** What a seed that is a function is given. */
export interface SeedScriptContext {
  /** The transaction of the file: what is done by it is undone when the function throws. */
  readonly db: Transaction
  readonly sql: (
    strings: TemplateStringsArray,
    ...values: readonly (string | number | bigint | boolean | null | Date | Uint8Array | Sql)[]
  ) => Sql
  /** The value of an environment variable. */
  readonly env: (name: string) => string | undefined
}

/** How files that are no data are understood; the layers above know. */
export interface SeedReaders {
  splitSql(text: string, dialect: Dialect, path: string): Promise<readonly SeedStatement[]>
  /** The default export of a script, and the files that it imports, by their absolute paths. */
  loadScript(file: SeedFile): Promise<{ readonly exported: unknown; readonly imports: readonly string[] }>
}

/** A seed file, understood. */
export interface LoadedSeed {
  readonly file: SeedFile
  readonly reading: Reading
  readonly environments: readonly string[] | null
  readonly steps: readonly LoadedStep[]
  readonly statements: readonly SeedStatement[]
  readonly run: ((context: SeedScriptContext) => unknown) | null
  readonly expectations: readonly Expectation[]
  readonly inputs: SeedInputs
}

/** A step with its rows at hand. */
export interface LoadedStep {
  readonly step: DataStep
  readonly source: RowSource
}

/** Whether a seed is for an environment; null for a database of which nobody said what it is for. */
export function isFor({ environments }: LoadedSeed, environment: string | null): boolean {
  return environments === null || (environment !== null && environments.includes(environment))
}

/** Understands a file; what is wrong with it goes to `problems`. */
export async function loadSeed(
  file: SeedFile,
  {
    problems,
    dialect,
    readers,
  }: { readonly problems: Problems; readonly dialect: Dialect; readonly readers: SeedReaders },
): Promise<LoadedSeed> {
  const source: SourceText = { path: file.path, text: file.source }
  const reading: Reading = { source, problems }
  const empty = {
    file,
    reading,
    environments: null,
    steps: [],
    statements: [],
    run: null,
    expectations: [],
    inputs: { files: new Set<string>(), variables: new Set<string>() },
  }
  switch (file.format) {
    case 'sql': {
      const header = readHeader(reading, '--')
      const statements = await readers.splitSql(file.source, dialect, file.path)
      statements.forEach((statement) => refuseTransactions(reading, statement))
      return { ...empty, ...header, statements }
    }
    case 'csv':
      return loadCsv(empty)
    case 'script': {
      const { exported, imports } = await readers.loadScript(file)
      const directory = path.dirname(file.absolutePath)
      for (const one of imports) empty.inputs.files.add(path.relative(directory, one))
      return loadScript(empty, exported, dialect)
    }
    case 'data':
      return withSteps(empty, readDataFile(reading, file.extension), dialect)
  }
}

const beginning = /^(?:\s|--.*\n|\/\*[^]*?\*\/)*/
const transaction =
  /^(?:begin|commit|end|abort|start\s+transaction|prepare\s+transaction|rollback(?!\s+(?:(?:work|transaction)\s+)?to\b))\b/i

// It would keep a part of the file, with no word of it in the history.
function refuseTransactions(reading: Reading, { text, offset }: SeedStatement): void {
  const start = beginning.exec(text)?.[0].length ?? 0
  const [found] = transaction.exec(text.slice(start)) ?? []
  if (found === undefined) return
  const message = 'A seed is one transaction as a whole, and begins and ends none itself.'
  report(reading, offset + start, message, `Remove ${found.toUpperCase().replaceAll(/\s+/g, ' ')}.`)
}

async function withSteps(seed: LoadedSeed, document: SeedDocument | undefined, dialect: Dialect): Promise<LoadedSeed> {
  if (document === undefined) return seed
  const steps: LoadedStep[] = []
  for (const step of document.steps) steps.push({ step, source: await sourceOf(seed, step, dialect) })
  return { ...seed, environments: document.environments, expectations: document.expectations, steps }
}

async function sourceOf(
  { file, reading, inputs }: LoadedSeed,
  { rows, defaults }: DataStep,
  dialect: Dialect,
): Promise<RowSource> {
  if (rows.kind === 'listed') return listedRows(rows.rows, defaults, (offset) => placeOf(reading.source, offset))
  if (rows.kind === 'made') return cellRows(rows.rows, defaults, reading)
  inputs.files.add(rows.path)
  const directory = path.dirname(file.path)
  const absolutePath = path.resolve(path.dirname(file.absolutePath), rows.path)
  if (!existsSync(absolutePath)) {
    report(
      reading,
      rows.at,
      `The file ${rows.path} does not exist.`,
      'Correct the path, which begins at the seed file.',
    )
    return listedRows([], defaults, (offset) => placeOf(reading.source, offset))
  }
  const rowFile = {
    absolutePath,
    path: path.posix.join(directory, rows.path),
    nullText: rows.nullText,
  }
  if (/\.csv$/i.test(rows.path)) return csvRows(rowFile, defaults, reading.problems)
  if (!/\.json$/i.test(rows.path)) return jsonLines(rowFile, defaults, { reading, dialect })
  return jsonFile(rowFile, defaults, reading)
}

// A JSON file is one value, so it is read whole; JSON lines are for what does not fit into memory.
async function jsonFile(
  file: { readonly absolutePath: string; readonly path: string },
  defaults: DataStep['defaults'],
  { problems }: Reading,
): Promise<RowSource> {
  const { readText } = await import('../read-text.ts')
  const source = { path: file.path, text: readText(file.absolutePath, file.path) }
  const inner = { source, problems }
  const read = jsonNodes(source.text)
  const place = (offset: number) => placeOf(source, offset)
  if ('problems' in read) read.problems.forEach(({ at, message, remedy }) => report(inner, at, message, remedy))
  else if (read.node.kind !== 'list') report(inner, 0, 'The file must hold a list of rows.', 'Write [ { … }, … ].')
  else
    return listedRows(
      read.node.items.map((row) => readRow(inner, row)),
      defaults,
      place,
    )
  return listedRows([], defaults, place)
}

async function loadCsv(seed: LoadedSeed): Promise<LoadedSeed> {
  const { file, reading } = seed
  const header = headerOf(reading, '#')
  const { settings, lines } = header
  const table = settings.get('table')
  if (table === undefined) {
    report(reading, 0, 'A CSV file must say which table it is for.', 'Write "# table: NAME" on its first line.')
    return seed
  }
  const mode = settings.get('mode')
  const key = settings.get('key')
  const step: DataStep = {
    table: table.value,
    at: table.at,
    key: key === undefined ? null : names(key.value).map((name) => ({ name, at: key.at })),
    mode: (mode && modeOf(reading, mode.value, mode.at)) ?? 'upsert',
    defaults: [],
    rows: { kind: 'file', path: file.path, at: 0, nullText: settings.get('null')?.value ?? '' },
  }
  const rowFile = {
    absolutePath: file.absolutePath,
    path: file.path,
    nullText: settings.get('null')?.value ?? '',
    skipLines: lines,
  }
  return {
    ...seed,
    ...readHeader(reading, '#', header),
    steps: [{ step, source: await csvRows(rowFile, [], reading.problems) }],
  }
}

async function loadScript(seed: LoadedSeed, exported: unknown, dialect: Dialect): Promise<LoadedSeed> {
  if (typeof exported === 'function') return { ...seed, run: exported as LoadedSeed['run'] & object }
  const made: { rows: () => AsyncIterable<unknown> }[] = []
  const withoutRows = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    const { rows, steps, ...rest } = value as Record<string, unknown>
    const shared = { ...rest, ...(Array.isArray(steps) && { steps: steps.map(withoutRows) }) }
    if (typeof rows !== 'function') return rows === undefined ? shared : { ...shared, rows }
    made.push({ rows: rows as () => AsyncIterable<unknown> })
    return { ...shared, rows_from: `made:${made.length - 1}.jsonl` }
  }
  if (typeof exported !== 'object' || exported === null) throw wrongExport(seed.file)
  const node = scriptValue(withoutRows(exported))
  if (node === undefined) throw notData(seed.file.path)
  const document = readDocument(seed.reading, node)
  return withSteps(
    seed,
    document && {
      ...document,
      steps: document.steps.map((step) => {
        const index = step.rows.kind === 'file' ? /^made:(\d+)\.jsonl$/.exec(step.rows.path)?.[1] : undefined
        const found = index === undefined ? undefined : made[Number(index)]
        return found === undefined ? step : { ...step, rows: { kind: 'made', rows: found.rows } }
      }),
    },
    dialect,
  )
}

function wrongExport({ path: file }: SeedFile): MetastoreError {
  return new MetastoreError({
    code: 'seed_invalid',
    message: 'The default export of the script is neither a data file as an object nor a function.',
    where: file,
    remedy: 'Write export default { table: "…", rows: […] }, or export default async ({ db, sql, env }) => { … }.',
  })
}
