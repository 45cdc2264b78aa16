import type { Catalog } from '../../catalog/catalog.ts'
import { copyOf, knowNothing, type KnownObjects } from '../check/known-objects.ts'
import { noteStatement } from '../check/note-statement.ts'
import { sceneOf } from '../check/scene.ts'
import type { TableStatistics } from '../check/statistics.ts'
import { refOf } from '../check/tree.ts'
import { labelOf } from '../compile.ts'
import type { PlannedMigration, PlannedStep } from '../planned.ts'
import { isFailure, type Parser } from '../sql/parser.ts'
import type { ForecastScene } from './effect.ts'
import {
  forecastEffects,
  forecastStatement,
  sumOf,
  unforeseen,
  type StatementForecast,
  type StepForecast,
} from './forecast-statement.ts'
import { stronger, strongest, waitingFor, type TableLockMode } from './lock-mode.ts'

/** What is known of the database that a plan is for. */
export interface ForecastContext {
  readonly parser: Parser
  /** The schema that names without one mean. */
  readonly schema: string
  /** The whole database as it is before the plan. */
  readonly catalog: Catalog
  readonly statistics: TableStatistics
  readonly serverMajor: number
  /** How a backfill is slowed down. */
  readonly pace?: { readonly throttle?: number; readonly batchSize?: number; readonly batchDelay?: number }
}

/** Tells for every step of a plan which locks it takes, who waits, and about how long. A pure function. */
export function forecastPlan(
  migrations: readonly PlannedMigration[],
  context: ForecastContext,
): readonly (readonly StepForecast[])[] {
  const objects = copyOf(knowNothing(context.schema))
  return migrations.map(({ steps }) => steps.map((step) => forecastStep(step, context, objects)))
}

function forecastStep(step: PlannedStep, context: ForecastContext, objects: KnownObjects): StepForecast {
  const statements = statementsOf(step, context, objects)
  const locks = new Map<string, TableLockMode>()
  const declared = (step.locks ?? []).map(({ table, mode }) => ({ table: `${context.schema}.${table}`, mode }))
  for (const { table, mode } of [...declared, ...statements.flatMap((one) => one.locks)]) {
    locks.set(table, stronger(mode, locks.get(table) ?? mode))
  }
  return {
    statements,
    locks: [...locks].map(([table, mode]) => ({ table, mode })),
    waits: statements.some(({ unknown }) => unknown !== null) ? null : waitingFor(strongest([...locks.values()])),
    seconds: sumOf(statements.map(({ seconds }) => seconds)),
  }
}

function statementsOf(step: PlannedStep, context: ForecastContext, objects: KnownObjects): StatementForecast[] {
  const { sql, kind, label } = step
  if (kind === 'code') return [unforeseen(label, 'a migration in code')]
  if (kind === 'refresh_views') return [unforeseen(label, 'views made anew of what there is by then')]
  if (sql === null) return []
  const parsed = context.parser.parse(sql)
  if (isFailure(parsed)) return [unforeseen(label, 'SQL that does not parse')]
  return parsed.map(({ start, end, node }) => {
    const scene = sceneFor(sql, context, objects)
    const text = labelOf(sql.slice(start, end))
    const forecast = kind === 'backfill' ? backfill(label, node, scene, context) : forecastStatement(text, node, scene)
    noteStatement(objects, node)
    return forecast
  })
}

function sceneFor(
  text: string,
  { parser, schema, catalog, statistics, serverMajor }: ForecastContext,
  objects: KnownObjects,
): ForecastScene {
  const script = {
    path: '',
    source: text,
    text,
    start: 0,
    verbatim: true,
    editable: false,
    transaction: true,
    statements: [],
    parser,
  }
  return { ...sceneOf(script, [], { schema, catalogBefore: catalog, statistics }, objects), serverMajor }
}

// The plan shows it as one statement; it runs in blocks, each a transaction of its own.
function backfill(
  label: string,
  node: Parameters<typeof forecastStatement>[1],
  scene: ForecastScene,
  { pace = {} }: ForecastContext,
): StatementForecast {
  const relation = 'UpdateStmt' in node ? node.UpdateStmt.relation : undefined
  const found =
    relation === undefined
      ? forecastStatement(label, node, scene)
      : forecastEffects(label, [{ table: refOf(relation), mode: 'row exclusive', work: 'update' }], scene)
  const rows = Math.max(0, ...found.work.map((work) => work.rows ?? 0))
  const waited = (rows / (pace.batchSize ?? 1000)) * ((pace.batchDelay ?? 0) / 1000)
  const slower = 1 / (1 - (pace.throttle ?? 0))
  return {
    ...found,
    waits: 'nothing',
    basis: `${found.basis}; in blocks, so that only the rows of one block are locked`,
    seconds: found.seconds && {
      least: found.seconds.least * slower + waited,
      most: found.seconds.most * slower + waited,
    },
  }
}
