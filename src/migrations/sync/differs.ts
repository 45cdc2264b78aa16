import { sql, type Sql } from '../../database/database.ts'

/**
 * Whether two values of a type are not the same value. Equality will not do: some types have none (`json`, `xml`), and for
 * some it holds for values that are not the same (`1.0` and `1.00`, boxes of one area, texts under some collations).
 */
export function differs(left: Sql, right: Sql, type: string): Sql {
  const plain = type
    .toLowerCase()
    .replace(/^"?pg_catalog"?\./, '')
    .replace(/\s*\([^)]*\)/, '')
    .trim()
  // With a scale, equal numbers are written alike.
  if (exact.has(plain) || /^(?:numeric|decimal)\s*\(/i.test(type)) return sql`${left} is distinct from ${right}`
  if (texts.has(plain)) return sql`${left} collate "C" is distinct from ${right} collate "C"`
  return sql`row(${left})::record operator(pg_catalog.*<>) row(${right})::record`
}

const exact = new Set([
  'smallint',
  'integer',
  'int',
  'bigint',
  'int2',
  'int4',
  'int8',
  'boolean',
  'bool',
  'uuid',
  'date',
  'time',
  'time without time zone',
  'timestamp',
  'timestamp without time zone',
  'timestamptz',
  'timestamp with time zone',
  'bytea',
])

const texts = new Set(['text', 'varchar', 'character varying'])
