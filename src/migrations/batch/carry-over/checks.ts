import type { CheckConstraint, Table } from '../../../catalog/catalog.ts'
import { id, raw, sql } from '../../../database/database.ts'
import {
  alter,
  type Carrying,
  type CarryPart,
  commentOn,
  isReplaced,
  keyOf,
  lockOf,
  rewriteFor,
  shown,
  temporaryName,
  transactionStep,
} from './carrying.ts'

/** Checks that look at replaced columns. The old ones go with their columns. */
export function carryChecks(carrying: Carrying): CarryPart {
  const parts = carrying.tables.flatMap((table) =>
    table.constraints
      .filter((constraint) => constraint.kind === 'check')
      .filter(({ inherited, name }) => !inherited && !carrying.removedConstraints.has(name))
      .filter(({ columns }) => isReplaced(carrying, columns))
      .map((check) => carryCheck(carrying, table, check)),
  )
  return {
    build: parts.flatMap(({ build }) => build),
    prepare: parts.flatMap(({ prepare }) => prepare),
    after: parts.flatMap(({ after }) => after),
  }
}

function carryCheck(carrying: Carrying, table: Table, check: CheckConstraint) {
  const name = temporaryName(carrying, 'check', table, check.name)
  const { text } = rewriteFor(carrying, { text: check.expression, kind: 'expression', row: table }, 'temporary')
  const inherit = check.noInherit ? sql` no inherit` : sql``
  const locks = [lockOf(table, 'access exclusive')]
  const add = transactionStep(carrying, {
    key: keyOf('check', table, check.name),
    label: `add check ${check.name} for the new column of ${shown(carrying, table)}`,
    locks,
    statements: [
      alter(
        table,
        sql`add constraint ${id(name)} check (${raw(text)})${inherit} ${raw(check.enforced ? 'not valid' : 'not enforced')}`,
      ),
    ],
    undo: { locks, statements: [alter(table, sql`drop constraint if exists ${id(name)}`)] },
  })
  const validate = transactionStep(carrying, {
    key: keyOf('validate', table, check.name),
    label: `validate check ${check.name} for the new column of ${shown(carrying, table)}`,
    locks: [lockOf(table, 'share update exclusive')],
    statements: [alter(table, sql`validate constraint ${id(name)}`)],
  })
  return {
    build: [add],
    prepare: check.validated && check.enforced ? [validate] : [],
    after: [
      alter(table, sql`rename constraint ${id(name)} to ${id(check.name)}`),
      ...commentOn(sql`constraint ${id(check.name)} on ${id(table.schema, table.name)}`, check.comment),
    ],
  }
}
