import {
  id,
  raw,
  sql,
  type DatabaseError,
  type Queryable,
  type Sql,
  type Transaction,
} from '../../database/database.ts'
import type { MetastoreError } from '../../errors.ts'
import { bindingProblem, parameterProblem } from './binding-problem.ts'
import { bindingStatement, type BindingStatement } from './binding-statement.ts'
import type { Binding, PreflightPlan } from './preflight-plan.ts'
import { setBindingPath, type Scratch } from './scratch.ts'
import { isAboutTheStatement } from './statement-failure.ts'

/** A binding and what is wrong with it; undefined when the server understands it. */
export interface Bound {
  readonly binding: Binding
  readonly problem: MetastoreError | undefined
}

const preparedPrefix = '__metastore_preflight_'

/**
 * Has the server analyse every binding as it analyses the places that they are for, and evaluates none of them. Whatever
 * one locks is free again before the next.
 */
export async function bindAll(tx: Transaction, plan: PreflightPlan, scratch: Scratch): Promise<Bound[]> {
  const bound: Bound[] = []
  await tx.script('savepoint metastore_preflight')
  for (const [index, binding] of plan.bindings.entries()) {
    await begin(tx, setBindingPath(scratch, plan, binding, false))
    const attempt = bindingStatement(binding, scratch, `${preparedPrefix}${index}`)
    bound.push({ binding, problem: await bind(tx, binding, attempt, { plan, scratch }) })
  }
  await begin(tx)
  const parameterized = await forgetPrepared(tx)
  return bound.map(({ binding, problem }, index) => ({
    binding,
    problem: problem ?? (parameterized.has(`${preparedPrefix}${index}`) ? parameterProblem(binding) : undefined),
  }))
}

/** Prepared statements outlive the transaction that made them. Returns the names of those that take parameters. */
export async function forgetPrepared(db: Queryable): Promise<ReadonlySet<string>> {
  const left = await db.query<{ name: string; parameters: number }>(sql`
    select name, cardinality(parameter_types)::int as parameters
    from pg_catalog.pg_prepared_statements
    where starts_with(name, ${preparedPrefix})`)
  for (const { name } of left) await db.query(sql`deallocate ${id(name)}`)
  return new Set(left.flatMap(({ name, parameters }) => (parameters > 0 ? [name] : [])))
}

/** Undoes what the binding before has made, and frees what it has locked. */
async function begin(tx: Transaction, ...settings: readonly Sql[]): Promise<void> {
  await script(tx, [raw('rollback to savepoint metastore_preflight'), ...settings])
}

async function bind(
  tx: Transaction,
  binding: Binding,
  attempt: BindingStatement,
  { plan, scratch }: { readonly plan: PreflightPlan; readonly scratch: Scratch },
): Promise<MetastoreError | undefined> {
  const [error, part] = await failureOf(tx, attempt)
  if (error === undefined) return undefined
  // The type that a row or a column was to have is wrong, which is told where that type stands.
  if (part === 'setup' && scratch.problems.length > 0) return undefined
  return bindingProblem(binding, error, part === 'setup' ? Number.POSITIVE_INFINITY : attempt.start, plan)
}

async function failureOf(
  tx: Transaction,
  { setup, statement }: BindingStatement,
): Promise<readonly [DatabaseError | undefined, 'setup' | 'statement']> {
  let part: 'setup' | 'statement' = 'setup'
  try {
    if (setup.length > 0) await script(tx, setup)
    part = 'statement'
    // By itself and not as a script, so that a text with a semicolon is never two statements.
    await tx.query(statement)
    return [undefined, part]
  } catch (error) {
    if (!isAboutTheStatement(error)) throw error
    return [error, part]
  }
}

async function script(tx: Transaction, statements: readonly Sql[]): Promise<void> {
  await tx.script(statements.map((statement) => statement.inline('postgres')).join(';\n'))
}
