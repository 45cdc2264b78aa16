import { randomUUID } from 'node:crypto'
import { id, join, literal, raw, sql, type DatabaseError, type Sql, type Transaction } from '../../database/database.ts'
import { MetastoreError } from '../../errors.ts'
import { internalName } from '../batch/names.ts'
import { castType } from './cast-type.ts'
import { isAboutTheStatement } from './statement-failure.ts'
import type { Binding, PreflightPlan, PreflightTable } from './preflight-plan.ts'

/** Schemas that are there only while bindings are tried, in a transaction that is rolled back. */
export interface Scratch {
  /** All tables as the new version sees them. */
  readonly visible: string
  /** The tables and types that the batch makes. */
  readonly made: string
  /** For what one binding needs. */
  readonly rows: string
  /** Tables with a column whose type the server does not know. */
  readonly problems: readonly MetastoreError[]
}

/** Makes empty tables and types as they will be when the batch is in progress. Locks nothing that was there before. */
export async function makeScratch(tx: Transaction, plan: PreflightPlan): Promise<Scratch> {
  // Another preflight at the same time has names of its own, so that neither waits.
  const batch = randomUUID()
  const [visible, made, rows] = ['visible', 'made', 'rows'].map((part) => internalName(batch, 'preflight', part))
  if (visible === undefined || made === undefined || rows === undefined) throw new RangeError('No name for a schema.')
  const scratch = { visible, made, rows }
  await run(
    tx,
    [visible, made, rows].map((schema) => sql`create schema ${id(schema)}`),
  )
  for (const { name, labels } of plan.enums) {
    // An unqualified name is made in the first schema of the path.
    await run(tx, [setPath(made, plan.base)])
    const [found] = await tx.query<{ known: boolean }>(sql`select to_regtype(${name}) is not null as known`)
    if (found?.known === true) continue
    await run(tx, [sql`create type ${raw(name)} as enum (${join(labels.map((label) => literal(label)))})`])
  }
  await run(tx, [setPath(made, plan.base)])
  const problems = await createTables(tx, scratch, plan.tables)
  return { ...scratch, problems }
}

/** The schemas in which names of a binding are looked up, in their order; `real` prefers the tables that hold rows. */
export function setBindingPath(
  scratch: Scratch,
  plan: PreflightPlan,
  { side }: Pick<Binding, 'side'>,
  real: boolean,
): Sql {
  const old = plan.oldSchema === null ? [plan.base] : [plan.oldSchema, plan.base]
  if (side === 'old') return setPath(...old, scratch.made)
  return real ? setPath(...old, scratch.visible, scratch.made) : setPath(scratch.visible, plan.base, scratch.made)
}

async function createTables(
  tx: Transaction,
  scratch: Omit<Scratch, 'problems'>,
  tables: readonly PreflightTable[],
): Promise<MetastoreError[]> {
  const create = (schema: string, { name, columns }: PreflightTable): Sql =>
    sql`create table ${id(schema, name)} (${join(columns.map((column) => sql`${id(column.name)} ${castType(column.type)}`))})`
  const all = tables.flatMap((table) => [
    create(scratch.visible, table),
    ...(table.created ? [create(scratch.made, table)] : []),
  ])
  if (await attempt(tx, all).then((error) => error === undefined)) return []

  // Only now one by one, to find out which.
  const problems: MetastoreError[] = []
  for (const table of tables) {
    const copies = [scratch.visible, ...(table.created ? [scratch.made] : [])].map((schema) => id(schema, table.name))
    await run(
      tx,
      copies.map((copy) => sql`create table ${copy} ()`),
    )
    for (const { name, type } of table.columns) {
      const add = sql`add column ${id(name)} ${castType(type)}`
      const error = await attempt(
        tx,
        copies.map((copy) => sql`alter table ${copy} ${add}`),
      )
      if (error !== undefined) problems.push(unknownType(table.name, name, error))
    }
  }
  return problems
}

/** Runs statements that may fail, and then leaves nothing of them. */
async function attempt(tx: Transaction, statements: readonly Sql[]): Promise<DatabaseError | undefined> {
  await tx.script('savepoint metastore_preflight_scratch')
  try {
    await run(tx, statements)
    await tx.script('release savepoint metastore_preflight_scratch')
    return undefined
  } catch (error) {
    if (!isAboutTheStatement(error)) throw error
    await tx.script('rollback to savepoint metastore_preflight_scratch; release savepoint metastore_preflight_scratch')
    return error
  }
}

async function run(tx: Transaction, statements: readonly Sql[]): Promise<void> {
  if (statements.length > 0) await tx.script(statements.map((statement) => statement.inline('postgres')).join(';\n'))
}

function setPath(...schemas: readonly string[]): Sql {
  return sql`set local search_path to ${join(schemas.map((schema) => id(schema)))}`
}

function unknownType(table: string, column: string, error: DatabaseError): MetastoreError {
  return new MetastoreError({
    code: 'binding_failed',
    message: `The server does not know the type of column ${table}.${column}: ${error.message}`,
    where: `column ${table}.${column}`,
    remedy: 'Correct the type, or create it in an earlier action of the batch.',
    details: error.details,
    cause: error,
  })
}
