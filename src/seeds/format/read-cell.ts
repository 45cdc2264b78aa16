import { nearest } from '../../nearest.ts'
import type { Cell, FileEncoding, HashAlgorithm } from './cell.ts'
import type { Entry, TableNode, ValueNode } from './nodes/value-node.ts'
import { placeOf, type Problems, type SourceText } from '../problem.ts'

/** What is needed to read a file and to say what is wrong with it. */
export interface Reading {
  readonly source: SourceText
  readonly problems: Problems
}

/** Reads something of which only the place of the whole is known. */
export function readingAt(source: SourceText, problems: Problems, where: string): Reading {
  return {
    source,
    problems: { found: problems.found, add: (_, message, remedy) => problems.add(where, message, remedy) },
  }
}

/** Reports something at an offset of the file that is being read. */
export function report({ source, problems }: Reading, at: number, message: string, remedy: string): void {
  problems.add(placeOf(source, at), message, remedy)
}

/** The special cells, with what may stand beside their mark; for validation, the JSON Schema and the manual. */
export const specialCells = {
  $ref: { beside: ['table', 'column'], says: 'the row of another table, by its natural key' },
  $env: { beside: ['default'], says: 'an environment variable' },
  $file: { beside: ['encoding'], says: 'the content of a file, by its path from the seed file' },
  $encrypt: { beside: [], says: 'a value that is stored encrypted' },
  $hash: { beside: ['algorithm', 'cost'], says: 'a password that is stored as its hash' },
  $uuid: { beside: [], says: 'a UUID that stays the same: of the row (true), or of a name' },
  $now: { beside: [], says: 'the time at which the row is inserted' },
  $literal: { beside: [], says: 'JSON as it stands, also where it begins with a $' },
} as const

type Special = keyof typeof specialCells

/** Reads a cell; undefined, with the problem reported, when it cannot be understood. */
export function readCell(reading: Reading, node: ValueNode): Cell | undefined {
  const mark = node.kind === 'table' ? markOf(node) : undefined
  if (node.kind !== 'table' || mark === undefined) return { kind: 'value', node, at: node.at }
  if (!isSpecial(mark.key)) {
    const close = nearest(mark.key, Object.keys(specialCells))
    const hint = close === undefined ? '' : `Did you mean ${close}? `
    const remedy = `${hint}JSON that begins with a $ is written { "$literal": … }.`
    return fault(reading, mark.keyAt, `There is no special cell ${mark.key}.`, remedy)
  }
  const beside: readonly string[] = specialCells[mark.key].beside
  const stray = node.entries.find(({ key }) => key !== mark.key && !beside.includes(key))
  if (stray !== undefined) {
    const known = beside.length === 0 ? 'Nothing may stand beside it.' : `Beside it may stand ${beside.join(', ')}.`
    return fault(reading, stray.keyAt, `${mark.key} has no ${JSON.stringify(stray.key)}.`, known)
  }
  return readers[mark.key](reading, mark, node)
}

function markOf({ entries }: TableNode): Entry | undefined {
  const marks = entries.filter(({ key }) => key.startsWith('$'))
  return marks.length === 1 ? marks[0] : undefined
}

function isSpecial(key: string): key is Special {
  return Object.hasOwn(specialCells, key)
}

type Reader = (reading: Reading, mark: Entry, table: TableNode) => Cell | undefined

const readers: Readonly<Record<Special, Reader>> = {
  $ref: readReference,
  $env(reading, { value, keyAt: at }, table) {
    if (value.kind !== 'text' || value.text === '') {
      return fault(reading, value.at, '$env needs the name of a variable.', 'Write { "$env": "NAME" }.')
    }
    return { kind: 'env', name: value.text, otherwise: valueOf(table, 'default') ?? null, at }
  },
  $file(reading, { value, keyAt: at }, table) {
    if (value.kind !== 'text' || value.text === '') {
      return fault(reading, value.at, '$file needs the path of a file.', 'Write { "$file": "prompts/first.txt" }.')
    }
    const encoding = oneOf(reading, table, 'encoding', ['text', 'base64', 'bytes'] satisfies FileEncoding[])
    return encoding && { kind: 'file', path: value.text, encoding, at }
  },
  $encrypt(reading, { value, keyAt: at }) {
    const cell = readPlain(reading, value, '$encrypt')
    return cell && { kind: 'encrypt', cell, at }
  },
  $hash: readHash,
  $uuid(reading, { value, keyAt: at }) {
    if (value.kind === 'boolean' && value.value) return { kind: 'uuid', name: null, at }
    if (value.kind === 'text' && value.text !== '') return { kind: 'uuid', name: value.text, at }
    return fault(reading, value.at, '$uuid needs true or a name.', 'Write { "$uuid": true } or { "$uuid": "a name" }.')
  },
  $now(reading, { value, keyAt: at }) {
    if (value.kind === 'boolean' && value.value) return { kind: 'now', at }
    return fault(reading, value.at, '$now needs true.', 'Write { "$now": true }.')
  },
  $literal: (_reading, { value, keyAt: at }) => ({ kind: 'json', node: value, at }),
}

function readReference(reading: Reading, { value, keyAt: at }: Entry, table: TableNode): Cell | undefined {
  if (value.kind !== 'table' || value.entries.length === 0) {
    const remedy = 'Write { "$ref": { "name": "…" } }, with the columns that tell the rows of that table apart.'
    return fault(reading, value.at, '$ref needs the natural key of a row.', remedy)
  }
  const by = value.entries.flatMap(({ key, keyAt, value: node }) => {
    const cell = readCell(reading, node)
    return cell === undefined ? [] : [{ column: key, at: keyAt, cell }]
  })
  const strange = by.find(({ cell }) => ['encrypt', 'hash', 'now'].includes(cell.kind))
  if (strange !== undefined) {
    return fault(reading, strange.at, 'No row can be found by such a value.', 'Refer to it by a plain value.')
  }
  const named = (key: string) => {
    const node = valueOf(table, key)
    return node?.kind === 'text' ? node.text : null
  }
  if (by.length < value.entries.length) return undefined
  return { kind: 'ref', ref: { table: named('table'), column: named('column'), by }, at }
}

function readHash(reading: Reading, { value, keyAt: at }: Entry, table: TableNode): Cell | undefined {
  const cell = readPlain(reading, value, '$hash')
  const algorithms = ['bcrypt', 'argon2id', 'scrypt'] satisfies HashAlgorithm[]
  const algorithm = oneOf(reading, table, 'algorithm', algorithms)
  const given = valueOf(table, 'cost')
  const cost = given === undefined ? 12 : given.kind === 'number' ? Number(given.text) : NaN
  if (!Number.isInteger(cost) || cost < 4 || cost > 20) {
    return fault(reading, given?.at ?? at, 'The cost must be an integer from 4 to 20.', 'Leave it out for 12.')
  }
  return cell && algorithm && { kind: 'hash', cell, algorithm, cost, at }
}

// What is encrypted or hashed is a text, from wherever a text can come.
function readPlain(reading: Reading, node: ValueNode, mark: string): Cell | undefined {
  const cell = readCell(reading, node)
  if (cell === undefined || cell.kind === 'env' || cell.kind === 'file') return cell
  if (cell.kind === 'value' && (node.kind === 'text' || node.kind === 'number')) return cell
  const remedy = `Write { "${mark}": { "$env": "NAME" } } or { "${mark}": "…" }.`
  return fault(reading, node.at, `${mark} needs a text, a variable or a file.`, remedy)
}

function oneOf<Choice extends string>(
  reading: Reading,
  table: TableNode,
  key: string,
  choices: readonly [Choice, ...Choice[]] | readonly Choice[],
): Choice | undefined {
  const node = valueOf(table, key)
  if (node === undefined) return choices[0]
  const found = choices.find((choice) => node.kind === 'text' && node.text === choice)
  if (found !== undefined) return found
  const close = node.kind === 'text' ? nearest(node.text, choices) : undefined
  const remedy = close === undefined ? 'Choose one of these.' : `Did you mean ${close}?`
  return fault(reading, node.at, `${key} must be one of ${choices.join(', ')}.`, remedy)
}

function valueOf(table: TableNode, key: string): ValueNode | undefined {
  return table.entries.find((entry) => entry.key === key)?.value
}

function fault(reading: Reading, at: number, message: string, remedy: string): undefined {
  report(reading, at, message, remedy)
}

/** The texts of a list; undefined, with the problem reported, when it is none. */
export function readNames(reading: Reading, node: ValueNode, what: string): { name: string; at: number }[] | undefined {
  const items = node.kind === 'text' ? [node] : node.kind === 'list' ? node.items : []
  const names = items.flatMap((item) =>
    item.kind === 'text' && item.text !== '' ? [{ name: item.text, at: item.at }] : [],
  )
  if (names.length > 0 && names.length === items.length) return names
  return fault(reading, node.at, `${what} must be a list of names.`, `Write ${what} = ["…"].`)
}
