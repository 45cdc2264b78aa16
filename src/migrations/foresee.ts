import { introspect, type Catalog } from '../catalog/catalog.ts'
import { readStatistics, type TableStatistics } from './check/statistics.ts'
import type { Engine } from './engine.ts'
import { forecastPlan, type ForecastContext } from './forecast/forecast.ts'
import type { Plan } from './plan.ts'
import { loadParser } from './sql/parser.ts'

export { rounded, size } from './check/cost.ts'
export type { Seconds, StatementForecast, StepForecast } from './forecast/forecast-statement.ts'

/** A plan with what it will do to others, and what that was foretold from. */
export interface ForeseenPlan {
  readonly plan: Plan
  /** The whole database as it is, but for what is ours. */
  readonly catalog: Catalog
  readonly statistics: TableStatistics
}

/** How a plan is looked at. */
export interface ForesightOptions {
  /** The schema that names without one mean. */
  readonly base: string
  /** Instead of those of the database, as where it is a copy with few rows. */
  readonly statistics?: TableStatistics | undefined
  readonly pace?: ForecastContext['pace'] | undefined
}

/** Tells which locks each step of a plan takes, who waits for it, and about how long it takes. PostgreSQL only; it reads. */
export async function foresee(
  { session, bookkeeping, database }: Pick<Engine, 'session' | 'bookkeeping' | 'database'>,
  plan: Plan,
  { base, statistics: given, pace }: ForesightOptions,
): Promise<ForeseenPlan> {
  const own = bookkeeping.schema ?? ''
  const catalog = await introspect(session, 'postgres', { excludeSchemas: [own, `${own}_sync`] })
  const statistics = given ?? (await readStatistics(session))
  const forecasts = forecastPlan(plan.migrations, {
    parser: await loadParser(),
    schema: base,
    catalog,
    statistics,
    serverMajor: database.server.major,
    ...(pace && { pace }),
  })
  const migrations = plan.migrations.map((migration, place) => ({
    ...migration,
    steps: migration.steps.map((step, index) => ({ ...step, forecast: forecasts[place]?.[index] })),
  }))
  return { plan: { ...plan, migrations }, catalog, statistics }
}
