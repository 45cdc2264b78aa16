import { nearest } from '../../nearest.ts'
import { jsonNodes } from './nodes/json-nodes.ts'
import { tomlNodes } from './nodes/toml-nodes.ts'
import { entryOf, type ReadNode, type TableNode, type ValueNode } from './nodes/value-node.ts'
import { yamlNodes } from './nodes/yaml-nodes.ts'
import { readCell, readNames, report, type Reading } from './read-cell.ts'
import { readExpectations } from './read-expectations.ts'
import type { CellEntry, DataStep, ListedRow, SeedDocument, SeedMode, StepRows } from './seed-document.ts'

/** The keys of a data file, each with what it says; for validation, the JSON Schema and the manual. */
export const stepKeys = {
  table: 'The table, with its schema before a point where it is not the base schema.',
  key: "The columns that tell rows apart; by default the table's only unique key of which the rows give all columns.",
  mode: 'What is done with rows that are there: upsert (default) changes them, insert-only leaves them, sync also removes rows that are not listed.',
  defaults: 'Cells that every row has unless it says otherwise.',
  rows: 'The rows, each with its cells by column.',
  rows_from: 'A file of rows beside this one: .csv, .jsonl or .json.',
  null: 'The text that stands for null in a CSV file; by default an empty cell without quotes is null.',
} as const

/** The keys that stand once in a file. */
export const fileKeys = {
  environments: 'The environments that the file is for; by default all.',
  steps: 'Several tables, one after the other, each with the keys of a data file.',
  expect: 'What must be true when the set has been applied.',
} as const

/** The readers of the formats, by extension. */
const readers: Readonly<Record<string, (text: string) => ReadNode>> = {
  '.json': jsonNodes,
  '.toml': tomlNodes,
  '.yaml': yamlNodes,
  '.yml': yamlNodes,
}

/** Reads a data file of any format but CSV; undefined, with the problems reported, when it cannot be understood. */
export function readDataFile(reading: Reading, extension: string): SeedDocument | undefined {
  const read = readers[extension.toLowerCase()]?.(reading.source.text)
  if (read === undefined) return undefined
  if ('problems' in read) {
    read.problems.forEach(({ at, message, remedy }) => report(reading, at, message, remedy))
    return undefined
  }
  return readDocument(reading, read.node)
}

/** Reads what a data file holds, or what a script gives instead of one. */
export function readDocument(reading: Reading, node: ValueNode): SeedDocument | undefined {
  if (node.kind !== 'table') {
    report(reading, node.at, 'The file must hold a table, with the keys table and rows.', 'See metastore docs seeds.')
    return undefined
  }
  const several = entryOf(node, 'steps')
  refuseUnknown(reading, node, several === undefined ? { ...fileKeys, ...stepKeys } : fileKeys)
  const environments = entryOf(node, 'environments')
  const expect = entryOf(node, 'expect')
  const names = environments && readNames(reading, environments.value, 'environments')
  const only = several === undefined && (entryOf(node, 'table') !== undefined || expect === undefined)
  return {
    environments: names?.map(({ name }) => name) ?? null,
    steps: several === undefined ? (only ? readSteps(reading, [node]) : []) : readStepList(reading, several.value),
    expectations: expect === undefined ? [] : readExpectations(reading, expect.value),
  }
}

function readStepList(reading: Reading, node: ValueNode): DataStep[] {
  const items = node.kind === 'list' ? node.items : []
  const tables = items.filter((item) => item.kind === 'table')
  if (node.kind !== 'list' || tables.length < items.length) {
    report(reading, node.at, 'steps must be a list of tables.', 'Write each with its keys table and rows.')
  }
  tables.forEach((table) => refuseUnknown(reading, table, stepKeys))
  return readSteps(reading, tables)
}

function readSteps(reading: Reading, tables: readonly TableNode[]): DataStep[] {
  return tables.flatMap((table) => {
    const step = readStep(reading, table)
    return step === undefined ? [] : [step]
  })
}

function readStep(reading: Reading, node: TableNode): DataStep | undefined {
  const table = entryOf(node, 'table')
  if (table?.value.kind !== 'text' || table.value.text === '') {
    report(reading, table?.value.at ?? node.at, 'The key table is missing.', 'Name the table: table = "…".')
    return undefined
  }
  const key = entryOf(node, 'key')
  const defaults = entryOf(node, 'defaults')
  const mode = readMode(reading, node)
  const rows = readRows(reading, node)
  if (rows === undefined || mode === undefined) return undefined
  return {
    table: table.value.text,
    at: table.value.at,
    key: key === undefined ? null : (readNames(reading, key.value, 'key') ?? null),
    mode,
    defaults: defaults === undefined ? [] : cellsOf(reading, defaults.value, 'defaults'),
    rows,
  }
}

const modes: readonly SeedMode[] = ['upsert', 'insert-only', 'sync']

/** The mode of that name; undefined, with the problem reported, when there is none. */
export function modeOf(reading: Reading, text: string, at: number): SeedMode | undefined {
  const mode = modes.find((one) => one === text)
  if (mode !== undefined) return mode
  const close = nearest(text, modes)
  const remedy = close === undefined ? `Choose one of ${modes.join(', ')}.` : `Did you mean ${close}?`
  report(reading, at, `There is no mode ${JSON.stringify(text)}.`, remedy)
  return undefined
}

function readMode(reading: Reading, node: TableNode): SeedMode | undefined {
  const mode = entryOf(node, 'mode')?.value
  if (mode === undefined) return 'upsert'
  return modeOf(reading, mode.kind === 'text' ? mode.text : '', mode.at)
}

function readRows(reading: Reading, node: TableNode): StepRows | undefined {
  const rows = entryOf(node, 'rows')
  const from = entryOf(node, 'rows_from')
  const nullText = entryOf(node, 'null')?.value
  if (nullText !== undefined && nullText.kind !== 'text') {
    report(reading, nullText.at, 'null must be a text.', 'Put it in quotes: null = "NULL".')
    return undefined
  }
  if ((rows === undefined) === (from === undefined)) {
    report(reading, node.at, 'A table needs either rows or rows_from.', 'Write the one or the other.')
    return undefined
  }
  if (from !== undefined) {
    if (from.value.kind === 'text' && /\.(?:csv|jsonl|ndjson|json)$/i.test(from.value.text)) {
      const { text, at } = from.value
      return { kind: 'file', path: text, at, nullText: nullText?.text ?? '' }
    }
    const remedy = 'Write rows_from = "data/messages.csv".'
    report(reading, from.value.at, 'rows_from must name a file that ends in .csv, .jsonl or .json.', remedy)
    return undefined
  }
  if (rows?.value.kind !== 'list') {
    report(reading, rows?.value.at ?? node.at, 'rows must be a list of rows.', 'Write each row with its columns.')
    return undefined
  }
  return { kind: 'listed', rows: rows.value.items.map((row) => readRow(reading, row)) }
}

/** Reads one row. */
export function readRow(reading: Reading, row: ValueNode): ListedRow {
  return { at: row.at, cells: cellsOf(reading, row, 'A row') }
}

function cellsOf(reading: Reading, node: ValueNode, what: string): CellEntry[] {
  if (node.kind !== 'table') {
    report(reading, node.at, `${what} must be cells by column.`, 'Write { "column": value }.')
    return []
  }
  return node.entries.flatMap(({ key, keyAt, value }) => {
    const cell = readCell(reading, value)
    return cell === undefined ? [] : [{ column: key, at: keyAt, cell }]
  })
}

function refuseUnknown(reading: Reading, node: TableNode, known: Readonly<Record<string, string>>): void {
  for (const { key, keyAt } of node.entries) {
    if (Object.hasOwn(known, key)) continue
    const close = nearest(key, Object.keys(known))
    const hint = close === undefined ? '' : `Did you mean ${close}? `
    const list = Object.keys(known).join(', ')
    report(reading, keyAt, `There is no key ${JSON.stringify(key)} here.`, `${hint}The keys are ${list}.`)
  }
}
