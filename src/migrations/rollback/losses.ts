import {
  DatabaseError,
  failedBecause,
  id,
  join,
  literal,
  raw,
  sql,
  type Session,
  type Sql,
} from '../../database/database.ts'
import { MetastoreError } from '../../errors.ts'
import type { LossCount } from '../phases/phase-options.ts'
import { settings } from '../phases/phase-transaction.ts'
import { listed } from '../phases/refusals.ts'
import type { PossibleLoss } from './inversion.ts'
import type { ModelTable } from './model.ts'

/** A possible loss under the names of one moment. */
export interface LossQuery {
  /** A table or a column; a phrase for what is gone already. */
  readonly what: string
  /** Gives one row with `count`; null for what is gone already. */
  readonly count: Sql | null
  /** Used where the first one fails. */
  readonly otherwise?: Sql
}

/** What may be lost, under the names that tables and columns have in the model now. */
export function lossQueries(losses: readonly PossibleLoss[], base: string): LossQuery[] {
  const lostTables = new Set(losses.flatMap((loss) => (loss.kind === 'rows' ? [loss.table] : [])))
  return losses.flatMap((loss): LossQuery[] => {
    if (loss.kind === 'gone') return [{ what: loss.what, count: null }]
    const { table } = loss
    if (table.removed) return []
    if (loss.kind === 'rows') return [{ what: table.name, count: counting(base, table, sql`true`) }]
    const { column } = loss
    if (column.removed || lostTables.has(table)) return []
    const { name } = column.declaration
    const what = `${table.name}.${name}`
    const value = id(table.name, name)
    switch (loss.kind) {
      case 'values': {
        const any = counting(base, table, sql`${value} is not null`)
        const { made, changes } = loss
        if (made === null || changes !== table.changes) return [{ what, count: any }]
        const own = sql`(${raw(made)}\n)::${raw(column.declaration.type)}`
        return [{ what, count: counting(base, table, sql`${value} is distinct from ${own}`), otherwise: any }]
      }
      case 'labels': {
        const labels = sql`array[${join(loss.labels.map((label) => literal(label)))}]::text[]`
        const has = loss.array ? sql`${value}::text[] && ${labels}` : sql`${value}::text = any (${labels})`
        return [{ what, count: counting(base, table, has) }]
      }
      case 'conversion':
        // What came later changed what the expressions are over; there is nothing to ask until that is undone.
        return loss.changes === table.changes ? [{ what, count: countUnlike(base, loss) }] : []
    }
  })
}

function counting(base: string, { name }: Pick<ModelTable, 'name'>, condition: Sql): Sql {
  return sql`select count(*) as count from ${id(base, name)} as ${id(name)} where ${condition}`
}

// Rows whose value is another one when it is taken back, and would be brought up to date again.
function countUnlike(
  base: string,
  { table, column, before, type, up, down }: Extract<PossibleLoss, { kind: 'conversion' }>,
): Sql {
  const alias = id(table.name)
  const now = column.declaration.name
  const others = table.columns.flatMap((one) =>
    one === column || one.removed ? [] : [id(table.name, one.declaration.name)],
  )
  const [old, value] = [id(before.name), id('__metastore_value')]
  return sql`
    select count(*) as count
    from (
      select ${join([...others, sql`(${raw(down)}\n)::${raw(before.type)} as ${old}`, sql`${alias}.${old} as ${value}`])}
      from (
        select ${join([...others, sql`${id(table.name, now)} as ${old}`])} from ${id(base, table.name)} as ${alias}
      ) as ${alias}
    ) as ${alias}
    where ${value} is not null and (${raw(up)}\n)::${raw(type)} is distinct from ${value}`
}

/** How much of each there is to lose now; what cannot be asked of the database as it is, is left out. */
export async function countLosses(session: Session, base: string, queries: readonly LossQuery[]): Promise<LossCount[]> {
  const counts: LossCount[] = []
  for (const { what, count, otherwise } of queries) {
    if (count === null) continue
    const rows = (await ask(session, base, count)) ?? (otherwise && (await ask(session, base, otherwise))) ?? 0
    if (rows > 0) counts.push({ what, rows })
  }
  return counts
}

async function ask(session: Session, base: string, count: Sql): Promise<number | undefined> {
  try {
    const rows = await session.transaction(
      async (tx) => {
        for (const setting of settings(base)) await tx.query(setting)
        return tx.query<{ count: number | bigint }>(count)
      },
      { resetSession: true },
    )
    return Number(rows[0]?.count ?? 0)
  } catch (error) {
    if (!(error instanceof DatabaseError) || failedBecause(error, 'connection_lost', 'canceled')) throw error
    return undefined
  }
}

/** The refusal of a rollback that loses something, unless it is nothing. */
export function refuseLosses(
  names: readonly string[],
  counts: readonly LossCount[],
  gone: readonly string[],
  nothingChanged: boolean,
): void {
  if (counts.length + gone.length === 0) return
  const what = counts.map((loss) => `${loss.what} (${loss.rows === 1 ? '1 row' : `${loss.rows} rows`})`)
  const sentences = [
    ...(what.length === 0 ? [] : [`Rolling back ${listed(names)} would lose data: ${listed(what)}.`]),
    ...(gone.length === 0 ? [] : [`Rolling back ${listed(names)} cannot bring back ${listed(gone)}.`]),
    ...(nothingChanged ? ['Nothing was changed.'] : []),
  ]
  throw new MetastoreError({
    code: 'rollback_loses_data',
    message: sentences.join(' '),
    where: names.join(', '),
    remedy:
      'Save what is needed and run again with --allow-data-loss, or go on with a new migration that keeps the data.',
  })
}
