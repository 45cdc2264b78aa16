import { createHash } from 'node:crypto'
import { isTable, isTooDeep, type Table } from './document.ts'

/**
 * SHA-256 over what a file of actions says, whatever it says it in: over JSON with sorted keys, without what is null, with
 * line ends as line feeds, and with the two short forms written out. Undefined for data that no file of actions can hold.
 */
export function contentChecksum(data: Table): string | undefined {
  if (isTooDeep(data)) return undefined
  // Editors ask for the schema; it is no part of the migration.
  const { $schema: _, ...content } = data
  return createHash('sha256')
    .update(JSON.stringify(canonical(content)))
    .digest('hex')
}

// Tables become lists of pairs, because the order of an object's keys is not always ours to say.
function canonical(value: unknown, key?: string): unknown {
  if (typeof value === 'string') return value.replaceAll(/\r\n?/g, '\n')
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Date) return { date: value.toISOString() }
  if (Array.isArray(value)) return value.map((element) => canonical(element))
  if (!isTable(value)) return value
  const pairs = Object.entries(value)
    .filter(([, inner]) => inner !== null && inner !== undefined)
    .toSorted(([one], [other]) => (one < other ? -1 : Number(one > other)))
    .map(([name, inner]) => [name, canonical(writtenOut(name, inner, key), name)])
  return { table: pairs }
}

function writtenOut(name: string, value: unknown, parent: string | undefined): unknown {
  if (name === 'primary_key' && typeof value === 'string') return [value]
  if (name !== 'columns' || parent !== 'index' || !Array.isArray(value)) return value
  return value.map((column: unknown) => (typeof column === 'string' ? { column } : column))
}
