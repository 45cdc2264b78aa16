import { afterAll, beforeAll, expect, test } from 'vitest'
import { freshPostgresUrl } from '../../../test/harness/engines.ts'
import { introspect } from '../../catalog/catalog.ts'
import { openDatabase, raw, sql, type Database, type Session } from '../../database/database.ts'
import { isFailure, loadParser } from '../sql/parser.ts'
import { shapeOfColumn, typeChange, typeShape, type TypeShape } from './type-names.ts'

let database: Database
let session: Session

beforeAll(async () => {
  database = await openDatabase(await freshPostgresUrl(18))
  session = await database.session()
  // Where it is UTC, a timestamp and one with a zone have the same bytes; nobody knows where a migration will run.
  await session.script("set timezone = 'Europe/Berlin'")
})

afterAll(async () => {
  await session.close()
  await database.close()
})

const types = [
  'smallint',
  'integer',
  'bigint',
  'real',
  'double precision',
  'numeric',
  'numeric(10,2)',
  'numeric(12,2)',
  'numeric(12,3)',
  'text',
  'varchar',
  'varchar(20)',
  'varchar(50)',
  'char(20)',
  'char(30)',
  'varbit(8)',
  'varbit(9)',
  'varbit',
  'bit(8)',
  'timestamp',
  'timestamp(3)',
  'timestamptz',
  'timestamptz(6)',
  'date',
  'time(2)',
  'time',
  'interval(2)',
  'interval',
  'boolean',
  'cidr',
  'inet',
  'uuid',
  'jsonb',
  'json',
  'xml',
  'bytea',
  'text[]',
  'varchar(20)[]',
  'integer[]',
]

async function shapeIn(type: string): Promise<TypeShape> {
  const parser = await loadParser()
  const parsed = parser.parse(`create table t (c ${type})`)
  const node = isFailure(parsed) ? undefined : parsed[0]?.node
  const [element] = (node && 'CreateStmt' in node ? node.CreateStmt.tableElts : undefined) ?? []
  return typeShape(element && 'ColumnDef' in element ? element.ColumnDef.typeName : undefined)
}

test.each(types)('%s is the same as SQL writes it and as the catalog prints it', async (type) => {
  await session.script(`drop table if exists t; create table t (c ${type})`)
  const catalog = await introspect(session, 'postgres')
  const [column] = catalog.tables[0]?.columns ?? []
  const written = await shapeIn(type)
  const printed = column && shapeOfColumn(column)
  // bit(1) and char(1) are what bit and char mean, and timestamp(6) is timestamp.
  expect(printed).toEqual(written)
})

async function fileNode(): Promise<unknown> {
  const [row] = await session.query(sql`select pg_relation_filenode('t') as node`)
  return row?.['node']
}

test.each(types)('what changing %s to another type writes is as PostgreSQL has it', async (from) => {
  const wrong: string[] = []
  for (const to of types) {
    await session.script(`drop table if exists t; create table t (c ${from})`)
    const before = await fileNode()
    const changed = await session.query(raw(`alter table t alter column c type ${to}`)).then(
      () => true,
      // There is no cast between the two, so nobody writes this.
      () => false,
    )
    if (!changed) continue
    const rewritten = (await fileNode()) !== before
    const { rewrites } = typeChange(await shapeIn(from), await shapeIn(to))
    // To foresee a rewrite where there is none is a false alarm; the other way round it is a hazard that nobody hears of.
    if (rewritten !== rewrites) wrong.push(`${from} to ${to}: ${rewritten ? 'is rewritten' : 'is not'}`)
  }
  expect(wrong).toEqual([])
})
