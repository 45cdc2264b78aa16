import type { Column } from '../../catalog/catalog.ts'
import type { Node } from '../sql/parser.ts'
import { stringsOf, type NodeOf } from './tree.ts'

/** A type as rules compare it. */
export interface TypeShape {
  /** The name that the server's catalogs have: `int4`, `varchar`, `timestamptz`. */
  readonly name: string
  /** Length, or precision and scale; empty for none. */
  readonly modifiers: readonly number[]
  readonly array: boolean
}

/** The type that a statement names. */
export function typeShape(type: NodeOf<'TypeName'> | undefined): TypeShape {
  const modifiers = (type?.typmods ?? []).flatMap((node: Node) =>
    'A_Const' in node && node.A_Const.ival ? [node.A_Const.ival.ival ?? 0] : [],
  )
  const name = stringsOf(type?.names).at(-1) ?? ''
  // The first of two of an interval is which fields it has: all of them.
  return {
    name: serials[name] ?? name,
    modifiers: name === 'interval' ? modifiers.slice(1) : modifiers,
    array: (type?.arrayBounds ?? []).length > 0,
  }
}

/** Whether a statement names a type that makes a sequence by itself. */
export function isSerial(type: NodeOf<'TypeName'> | undefined): boolean {
  return (stringsOf(type?.names).at(-1) ?? '') in serials
}

const serials: Readonly<Record<string, string>> = {
  serial: 'int4',
  serial4: 'int4',
  bigserial: 'int8',
  serial8: 'int8',
  smallserial: 'int2',
  serial2: 'int2',
}

/** The type of a column in a catalog, which spells types as people do. */
export function shapeOfColumn({ type }: Pick<Column, 'type'>): TypeShape {
  const [, base = type, modifiers = '', rest = '', array = ''] =
    /^([^([]+)(?:\(([^)]*)\))?([^[]*)((?:\[\])*)$/.exec(type) ?? []
  const spelled = `${base.trim()}${rest}`.trim().toLowerCase()
  return {
    name: spellings[spelled] ?? spelled.replace(/^.*\./, ''),
    modifiers: modifiers
      .split(',')
      .map(Number)
      .filter((number) => !Number.isNaN(number) && modifiers !== ''),
    array: array !== '',
  }
}

const spellings: Readonly<Record<string, string>> = {
  smallint: 'int2',
  integer: 'int4',
  bigint: 'int8',
  real: 'float4',
  'double precision': 'float8',
  boolean: 'bool',
  character: 'bpchar',
  'character varying': 'varchar',
  'bit varying': 'varbit',
  'time without time zone': 'time',
  'time with time zone': 'timetz',
  'timestamp without time zone': 'timestamp',
  'timestamp with time zone': 'timestamptz',
}

/** What changing a type does to the rows there are. */
export interface TypeChange {
  /** Whether every row is written anew, and every index on the column built anew. */
  readonly rewrites: boolean
  /** Whether values that the old type takes may be too long or too large for the new one. */
  readonly narrows: boolean
}

/**
 * What PostgreSQL does when a column changes its type, where both types are known. Nothing is written where the bytes stay
 * (PostgreSQL manual, ALTER TABLE, Notes: binary coercible types, and limits that only grow).
 */
export function typeChange(from: TypeShape, to: TypeShape): TypeChange {
  const same = from.name === to.name && from.array === to.array
  const [before, after] = [limitOf(from), limitOf(to)]
  const isPlain = !from.array && !to.array
  if (isPlain && isText(from) && isText(to)) {
    const narrows = after[0] !== undefined && (before[0] === undefined || before[0] > after[0])
    return { rewrites: narrows, narrows }
  }
  if (same && String(before) === String(after)) return { rewrites: false, narrows: false }
  if (same && limited.has(to.name)) return limitChange(to.name, before, after)
  if (from.name === 'bpchar' && isText(to)) {
    return { rewrites: true, narrows: (after[0] ?? Infinity) < (before[0] ?? 1) }
  }
  const isFree = isPlain && after.length === 0 && free.has(`${from.name} ${to.name}`)
  const [width = 0, newWidth = Infinity] = [widths[from.name], widths[to.name]]
  return { rewrites: !isFree, narrows: newWidth < width }
}

function isText({ name }: TypeShape): boolean {
  return name === 'text' || name === 'varchar'
}

function limitChange(name: string, before: readonly number[], after: readonly number[]): TypeChange {
  const [places = 0, scale = 0] = before
  const [newPlaces, newScale = 0] = after
  if (newPlaces === undefined) return { rewrites: false, narrows: false }
  const grows = places <= newPlaces && (name !== 'numeric' || scale === newScale)
  const fits = before.length > 0 && grows
  return { rewrites: !fits || name === 'bpchar', narrows: !fits }
}

// Six places are all that a time has.
function limitOf({ name, modifiers }: TypeShape): readonly number[] {
  return /^(?:time|interval)/.test(name) && modifiers[0] === 6 ? [] : modifiers
}

const limited = new Set(['numeric', 'bpchar', 'varbit', 'time', 'timetz', 'timestamp', 'timestamptz', 'interval'])
const free = new Set(['cidr inet', 'xml text', 'xml varchar', 'citext text', 'citext varchar', 'bit varbit'])
const widths: Readonly<Record<string, number>> = { int2: 2, int4: 4, int8: 8, float4: 4, float8: 8 }
