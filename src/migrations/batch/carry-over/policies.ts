import type { Policy, Table } from '../../../catalog/catalog.ts'
import { id, join, raw, sql, type Sql } from '../../../database/database.ts'
import {
  type Carrying,
  type CarryPart,
  commentOn,
  isSame,
  keyOf,
  lockOf,
  type Remark,
  rewriteForAll,
  role,
  shown,
  transactionStep,
} from './carrying.ts'

/**
 * Row-level security policies that look at replaced columns, of the table and of others. A policy holds the column until it
 * goes, and two at a time would let too much through, so it is made anew in the swap. That it can be is tried beforehand,
 * because after the old version is gone there is no way back. One that looks at several tables belongs to the first of them.
 */
export function carryPolicies(carrying: Carrying, carryings: readonly Carrying[]): CarryPart {
  const parts = carrying.catalog.tables.flatMap((table) =>
    table.policies.flatMap((policy) => carryPolicy(carrying, carryings, table, policy) ?? []),
  )
  return {
    build: parts.flatMap(({ build = [] }) => build),
    locks: parts.flatMap(({ locks = [] }) => locks),
    before: parts.flatMap(({ before = [] }) => before),
    after: parts.flatMap(({ after = [] }) => after),
    problems: parts.flatMap(({ problems = [] }) => problems),
  }
}

function carryPolicy(
  carrying: Carrying,
  carryings: readonly Carrying[],
  table: Table,
  policy: Policy,
): CarryPart | undefined {
  const rewrite = (text: string | null, when: 'temporary' | 'final') =>
    text === null ? null : rewriteForAll(carryings, { text, kind: 'expression', row: table }, when)
  const until = [rewrite(policy.using, 'temporary'), rewrite(policy.check, 'temporary')]
  const touched = carryings.filter((one) => until.some((each) => each?.touched.includes(one) === true))
  if (touched[0] !== carrying) return undefined
  if (until.some((each) => each !== null && each.unclear.size > 0))
    return { problems: [unclear(carrying, table, policy)] }
  const on = id(table.schema, table.name)
  const step = transactionStep(carrying, {
    key: keyOf('policy', table, policy.name),
    label: `try policy ${policy.name} of ${shown(carrying, table)} on the new column`,
    locks: [],
    statements: until.flatMap((each) =>
      each === null ? [] : [sql`select from ${on} where ${raw(each.text)} limit 0`],
    ),
  })
  const final = { using: rewrite(policy.using, 'final')?.text, check: rewrite(policy.check, 'final')?.text }
  return {
    build: [step],
    locks: [table, ...touched.map((one) => one.table)]
      .filter((one) => !isSame(one, carrying.table))
      .map((one) => lockOf(one, 'access exclusive')),
    before: [sql`drop policy ${id(policy.name)} on ${on}`],
    after: [
      createPolicy(on, policy, final.using ?? null, final.check ?? null),
      ...commentOn(sql`policy ${id(policy.name)} on ${on}`, policy.comment),
    ],
  }
}

function createPolicy(on: Sql, policy: Policy, using: string | null, check: string | null): Sql {
  const parts = [
    sql`create policy ${id(policy.name)} on ${on}`,
    sql`as ${raw(policy.permissive ? 'permissive' : 'restrictive')} for ${raw(policy.command)}`,
    sql`to ${join(policy.roles.map(role))}`,
  ]
  if (using !== null) parts.push(sql`using (${raw(using)})`)
  if (check !== null) parts.push(sql`with check (${raw(check)})`)
  return join(parts, ' ')
}

function unclear(carrying: Carrying, table: Table, { name }: Policy): Remark {
  return {
    message: `The policy ${name} of ${shown(carrying, table)} uses a column that is replaced in a way that cannot be rewritten.`,
    remedy:
      'Write the policy without JOIN … USING and column aliases, or drop it before this migration and create it again after it.',
  }
}
