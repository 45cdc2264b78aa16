import { id, sql } from '../../database/sql.ts'
import type { Building } from './building.ts'
import { type RenderedStatement, statement } from './statement.ts'
import { wholeOf } from './targets.ts'

/**
 * What a column becomes while its type and the one that it gets are both made anew: columns may swap such types, and each would
 * wait for the other to leave. Undefined for any other column; nothing for one that changes with its parent's.
 */
export function freeColumn({ plan, expected, actual }: Building, key: string): RenderedStatement[] | undefined {
  const column = actual.objects.get(key)
  if (column?.kind !== 'column' || !plan.altered.has(key)) return undefined
  const isRemade = (need: string) => need.startsWith('type ') && plan.dropped.has(need) && plan.made.has(need)
  const [was, is] = [actual.needs.get(key) ?? [], expected.needs.get(key) ?? []]
  if (![...was].some(isRemade) || ![...is].some(isRemade)) return undefined
  if (column.value.inherited) return []
  const name = id(column.value.name)
  const change = sql`alter table ${wholeOf(column)} alter column ${name} type text using ${name}::text`
  return [statement(column, 'alter', change, { repair: false })]
}
