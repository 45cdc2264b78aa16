import { readFileSync } from 'node:fs'
import type { Session } from '../../src/database/driver.ts'
import { raw, sql } from '../../src/database/sql.ts'
import type { Column, IndexKey } from '../../src/catalog/relation.ts'

/** Creates an object of each kind that a PostgreSQL of this version has, as everything.sql says. */
export async function createEverything(session: Session, major: number): Promise<void> {
  await createRoles(session)
  const text = readFileSync(new URL('everything.sql', import.meta.url), 'utf8')
  for (const block of text.split(/^---$/m)) {
    const from = /^-- from (\d+)$/m.exec(block)?.[1]
    if (from === undefined || major >= Number(from)) await session.script(block)
  }
}

/** The roles that everything.sql names. */
export async function createRoles(session: Session): Promise<void> {
  // Roles belong to the whole server, and another test may just be creating them.
  for (const role of ['catalog_owner', 'catalog_reader']) {
    await session.query(sql`
      do $$ begin
        create role ${raw(role)};
      exception when duplicate_object or unique_violation then null;
      end $$`)
  }
}

/** A column with nothing special about it but what is said. */
export function column(name: string, type: string, rest: Partial<Column> = {}): Column {
  return {
    name,
    type,
    nullable: true,
    default: null,
    identity: null,
    generated: null,
    collation: null,
    comment: null,
    storage: null,
    compression: null,
    statistics: null,
    inherited: false,
    options: {},
    grants: [],
    ...rest,
  }
}

/** For tests: what an index key is when it says nothing but its column. */
export function indexKey(): Omit<IndexKey, 'kind' | 'column' | 'expression'> {
  return { order: 'asc', nulls: 'last', operatorClass: null, operatorClassOptions: {}, collation: null }
}
