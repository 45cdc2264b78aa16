import { id, join, sql, type Sql } from '../database/database.ts'
import type { AssistantsRow } from './rows.ts'
import type { Run } from './runs/run.ts'
import { pageOf, type NumberedPage } from './numbered-page.ts'
import { json, type JsonObject, refuseNul } from './values.ts'

/** Which assistants. */
export interface AssistantFilter {
  readonly graphId?: string | undefined
  /** A part of the name, in capitals or not. */
  readonly name?: string | undefined
  /** What the metadata contains. */
  readonly metadata?: JsonObject | undefined
}

/** Which assistants, in which order, from which one on. */
export interface AssistantQuery extends AssistantFilter {
  readonly limit: number
  readonly offset: number
  readonly sortBy?: 'assistant_id' | 'graph_id' | 'name' | 'created_at' | 'updated_at' | undefined
  readonly sortOrder?: 'asc' | 'desc' | undefined
}

/** How transactions of `run` look for assistants: those of the tenant, and the shared ones that it may use. */
export function assistantSearch(run: Run): {
  page(query: AssistantQuery): Promise<NumberedPage<AssistantsRow>>
  count(filter: AssistantFilter): Promise<number>
} {
  return {
    page: (query) =>
      run((tx) => {
        const { sortBy = 'created_at', sortOrder = 'desc', limit, offset } = query
        const direction = sortOrder === 'asc' ? sql`asc` : sql`desc`
        return pageOf<AssistantsRow>(tx, {
          columns: sql`assistants.*`,
          from: sql`assistants where ${condition(query)}`,
          order: sql`${id('assistants', sortBy)} ${direction}, assistants.assistant_id ${direction}`,
          limit,
          offset,
        })
      }),
    count: (filter) =>
      run(async (tx) => {
        const found = await tx.first<{ total: number }>(
          sql`select count(*)::int as total from assistants where ${condition(filter)}`,
        )
        return found?.total ?? 0
      }),
  }
}

function condition({ graphId, name, metadata }: AssistantFilter): Sql {
  refuseNul({ graph_id: graphId, name, metadata }, '')
  const all: Sql[] = [sql`tenant_id in (current_tenant(), shared_tenant())`]
  if (graphId !== undefined) all.push(sql`graph_id = ${graphId}`)
  if (name !== undefined) all.push(sql`name ilike ${`%${name.replaceAll(/[\\%_]/g, '\\$&')}%`}`)
  if (metadata !== undefined) all.push(sql`metadata @> ${json(metadata)}`)
  return join(all, ' and ')
}
