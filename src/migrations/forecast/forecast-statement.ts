import type { Catalog } from '../../catalog/catalog.ts'
import { costOf, type Work } from '../check/cost.ts'
import type { TableSize } from '../check/statistics.ts'
import type { ObjectRef } from '../check/tree.ts'
import type { Node } from '../sql/parser.ts'
import type { Effect, ForecastScene } from './effect.ts'
import { stronger, strongest, waitingFor, type TableLockMode, type Waiting } from './lock-mode.ts'
import { statementEffects } from './statement-effects.ts'

/** A lock that a statement takes on a table that was there before. */
export interface ForecastLock {
  /** `schema.name`. */
  readonly table: string
  readonly mode: TableLockMode
}

/** Work that a statement makes of a table's rows. */
export interface ForecastWork {
  readonly table: string
  readonly kind: Work
  /** As the planner last estimated them; null where nobody knows. */
  readonly rows: number | null
  readonly bytes: number | null
  /** True where a condition decides how much of it there is. */
  readonly atMost: boolean
}

/** Seconds that something takes once it has its locks: an order of magnitude, as a range. */
export interface Seconds {
  readonly least: number
  readonly most: number
}

/** What a statement will do to those who use the database. */
export interface StatementForecast {
  /** Its first words. */
  readonly statement: string
  readonly locks: readonly ForecastLock[]
  /** Which statements of others wait for it. */
  readonly waits: Waiting | null
  readonly work: readonly ForecastWork[]
  /** Null where it cannot be told. */
  readonly seconds: Seconds | null
  /** What the seconds are made from. */
  readonly basis: string
  /** Why nothing can be told, such as `a DO block`; null where something can. */
  readonly unknown: string | null
}

/** What a step will do: all locks of a transaction are held to its end. */
export interface StepForecast {
  readonly statements: readonly StatementForecast[]
  readonly locks: StatementForecast['locks']
  readonly waits: Waiting | null
  readonly seconds: Seconds | null
}

// The rates are an order of magnitude, so the range is one as well: from a third to three times.
const spread = 3
// Nobody waits for these, of a partition neither.
const spares = new Set<TableLockMode>(['access share', 'row share'])
const instant: Seconds = { least: 0, most: 0.1 }

/** The forecast for one statement, where `scene` is what is there before it. */
export function forecastStatement(statement: string, node: Node, scene: ForecastScene): StatementForecast {
  const effects = statementEffects(node, scene)
  if ('unknown' in effects) return unforeseen(statement, effects.unknown)
  // What came with the plan itself nobody uses yet, and has no rows to speak of.
  return forecastEffects(
    statement,
    effects.effects.filter(({ table }) => !scene.isNew(table)),
    scene,
  )
}

/** Nothing can be told, for this reason. */
export function unforeseen(statement: string, why: string): StatementForecast {
  return { statement, locks: [], waits: null, work: [], seconds: null, basis: 'unknown', unknown: why }
}

/** The forecast for these effects. */
export function forecastEffects(
  statement: string,
  effects: readonly Effect[],
  scene: ForecastScene,
): StatementForecast {
  const locks = new Map<string, TableLockMode>()
  const works = new Map<
    string,
    { readonly effect: Effect; readonly size: TableSize | undefined; readonly kind: Work }
  >()
  for (const effect of effects) {
    const table = nameOf(effect.table, scene)
    const parts = effect.alone || spares.has(effect.mode) ? [] : allPartitionsOf(effect.table, scene)
    for (const locked of [table, ...parts]) locks.set(locked, stronger(effect.mode, locks.get(locked) ?? effect.mode))
    // Two scans of one statement are one pass, as are two rewrites.
    if (effect.work)
      works.set(`${effect.work} ${table}`, { effect, size: sizeOf(effect.table, scene), kind: effect.work })
  }
  const all = [...works.values()]
  return {
    statement,
    locks: [...locks].map(([table, mode]) => ({ table, mode })),
    waits: waitingFor(strongest([...locks.values()])),
    work: all.map(({ effect, size, kind }) => ({
      table: nameOf(effect.table, scene),
      kind,
      rows: size?.rows ?? null,
      bytes: size?.bytes ?? null,
      atMost: effect.atMost === true,
    })),
    ...secondsOf(all),
    unknown: null,
  }
}

/** Several spans one after another; null where one of them is not known. */
export function sumOf(spans: readonly (Seconds | null)[]): Seconds | null {
  let [least, most] = [0, 0]
  for (const span of spans) {
    if (span === null) return null
    least += span.least
    most += span.most
  }
  return { least, most }
}

function secondsOf(
  works: readonly { readonly effect: Effect; readonly size: TableSize | undefined; readonly kind: Work }[],
): Pick<StatementForecast, 'seconds' | 'basis'> {
  if (works.length === 0) return { seconds: instant, basis: 'only the catalog, or single rows' }
  const spans = works.map(({ effect, size, kind }): Seconds | null => {
    if (size === undefined) return null
    const { seconds } = costOf(kind, size)
    return { least: effect.atMost === true ? 0 : seconds / spread, most: Math.max(instant.most, seconds * spread) }
  })
  const seconds = sumOf(spans)
  if (seconds === null) return { seconds, basis: 'no statistics of the table' }
  const guessed = works.some(({ size }) => size?.rows === null)
  return { seconds, basis: guessed ? 'bytes and usual rates; never analysed' : 'rows, bytes and usual rates' }
}

/** A table for people, with its schema. */
function nameOf({ schema, name }: ObjectRef, scene: Pick<ForecastScene, 'schema'>): string {
  return `${schema ?? scene.schema}.${name}`
}

// The rows of a partitioned table are those of its partitions.
function sizeOf(table: ObjectRef, scene: ForecastScene): TableSize | undefined {
  const own = scene.size(table)
  const parts = partitionsOf(table, scene.catalog, scene.schema)
  if (own === undefined || parts.length === 0) return own
  const sizes = parts.map((part) => sizeOf(part, scene)).filter((size) => size !== undefined)
  return {
    ...own,
    rows: sizes.reduce<number | null>((sum, { rows }) => (sum === null || rows === null ? null : sum + rows), 0),
    bytes: sizes.reduce((sum, { bytes }) => sum + bytes, 0),
    indexBytes: sizes.reduce((sum, { indexBytes }) => sum + indexBytes, 0),
  }
}

function allPartitionsOf(table: ObjectRef, scene: ForecastScene): string[] {
  return partitionsOf(table, scene.catalog, scene.schema).flatMap((part) => [
    nameOf(part, scene),
    ...allPartitionsOf(part, scene),
  ])
}

function partitionsOf({ schema, name }: ObjectRef, catalog: Catalog | undefined, base: string): ObjectRef[] {
  return (catalog?.tables ?? [])
    .filter(({ partitionOf }) => partitionOf?.parent.name === name && partitionOf.parent.schema === (schema ?? base))
    .map((table) => ({ schema: table.schema, name: table.name }))
}
