import { id, sql } from '../../database/database.ts'
import { alterTable, isThere, lockOf, scopeNow, scopeOf, type DraftTable } from '../batch/draft.ts'
import { renderExpression, type Expression } from '../batch/expression.ts'
import { expressionBefore, keyBefore } from '../batch/value-before.ts'
import { violationsCheck } from '../preflight/data-checks.ts'
import type { AddCheck } from './action.ts'
import {
  expressionOf,
  internal,
  placeOf,
  problem,
  requireTable,
  stepOf,
  transaction,
  type ActionContext,
} from './context.ts'

/** Added without a look at existing rows, then checked against them; it binds both versions from then on. */
export function compileAddCheck(action: AddCheck, context: ActionContext): void {
  const { draft } = context
  const table = requireTable(context, action.table, ['table'])
  if (table === undefined) return
  const { name } = action.check
  if (table.constraints.some((constraint) => constraint.name === name && !constraint.removed)) {
    problem(context, ['check', 'name'], `Table ${table.name} has a constraint ${name} already.`, 'Choose another name.')
    return
  }
  const scope = scopeOf(table)
  const since = table.renames.length
  const expression = expressionOf(context, ['check', 'expression'], action.check.expression, {
    kind: 'check',
    rows: [scope],
    type: null,
    side: 'new',
  })
  if (expression === undefined) return
  if (expression.readsTables) {
    problem(context, ['check', 'expression'], 'A check cannot read other rows.', 'Compare columns of the row only.')
    return
  }
  const constraint: DraftTable['constraints'][number] = {
    name,
    kind: 'check',
    columns: [],
    existed: false,
    references: null,
    removed: false,
  }
  table.constraints.push(constraint)
  draft.finalDataChecks.push(() => {
    const before = isThere(draft, table, name)
      ? expressionBefore(draft, table, expression, scopeNow(table, scope, since))
      : undefined
    return before === undefined
      ? undefined
      : violationsCheck({
          schema: draft.base,
          table: table.physical,
          name: table.name,
          key: keyBefore(table),
          expression: before,
          label: `check ${name}`,
          place: placeOf(context, ['check']),
        })
  })
  addConstraint(name, table, expression, context)
}

function addConstraint(name: string, table: DraftTable, expression: Expression, context: ActionContext): void {
  const { draft } = context
  const scope = scopeOf(table)
  const since = table.renames.length
  // One of that name goes in the same batch, but only when the old version has gone.
  const isTaken = table.constraints.some((other) => other.name === name && other.removed)
  const physicalName = isTaken ? internal(context, 'check', name) : name
  if (isTaken) {
    table.atSwap.push(() => [alterTable(draft, table, sql`rename constraint ${id(physicalName)} to ${id(name)}`)])
  }
  const lock = lockOf(draft, table.physical)
  draft.keys.push(() => {
    const now = renderExpression(expression, scopeNow(table, scope, since), id)
    return [
      stepOf(
        context,
        'add',
        `add check ${name}`,
        transaction([lock], alterTable(draft, table, sql`add constraint ${id(physicalName)} check ${now} not valid`)),
        [transaction([lock], alterTable(draft, table, sql`drop constraint if exists ${id(physicalName)}`))],
      ),
      stepOf(
        context,
        'validate',
        `check existing rows against ${name}`,
        transaction([], alterTable(draft, table, sql`validate constraint ${id(physicalName)}`)),
      ),
    ]
  })
}
