import { type ObjectName, type View } from '../../../catalog/catalog.ts'
import { type AffectedView, readsAny } from './affected-views.ts'
import { type Carrying, type Remark, rewriteFor, shown } from './carrying.ts'
import { mentions } from './printed-sql.ts'
import { hasSqlBody } from './routine-body.ts'

const remedy = 'Drop it in a migration before this one, and create it again in one after it.'

/** Why a view cannot be made anew in the swap, or what else holds it. */
export function viewProblems(carrying: Carrying, { view, definition }: AffectedView): readonly Remark[] {
  const name = shown(carrying, view)
  if (view.kind === 'materialized') {
    return [
      {
        message: `The materialized view ${name} reads a column that is replaced, and would have to be filled again.`,
        remedy,
      },
    ]
  }
  const problems: Remark[] = []
  if (definition.unclear.size > 0) {
    const columns = [...definition.unclear].join(', ')
    problems.push({
      message: `The view ${name} reads ${columns} in a way that cannot be rewritten, such as JOIN … USING.`,
      remedy,
    })
  }
  const own = [
    ...view.triggers.map((trigger) => `trigger ${trigger.name}`),
    ...view.rules.map((rule) => `rule ${rule.name}`),
  ]
  for (const part of own) {
    problems.push({ message: `The view ${name} reads a column that is replaced, and has the ${part}.`, remedy })
  }
  for (const holder of holders(carrying, view)) {
    problems.push({
      message: `The view ${name} reads a column that is replaced, and ${holder} depends on the view.`,
      remedy,
    })
  }
  return problems
}

// What would keep the view from being dropped, other views apart.
function holders(carrying: Carrying, view: View): readonly string[] {
  const { catalog, parser } = carrying
  const reads = (text: string | null) => text !== null && readsView(carrying, text, view)
  const isRowType = (type: string | null) => type !== null && type.replace(/(\[\])+$/, '') === typeText(view)
  const tables = catalog.tables.flatMap((table) => [
    ...table.policies
      .filter(({ using, check }) => reads(using) || reads(check))
      .map(({ name }) => `the policy ${name} of ${shown(carrying, table)}`),
    ...table.rules
      .filter(({ definition }) => mentions(definition, [view.schema, view.name]))
      .map(({ name }) => `the rule ${name} of ${shown(carrying, table)}`),
    ...table.columns
      .filter(({ type }) => isRowType(type))
      .map(({ name }) => `the column ${name} of ${shown(carrying, table)}`),
  ])
  const routines = catalog.routines
    .filter(
      ({ argumentTypes, result, definition }) =>
        argumentTypes.some(isRowType) ||
        isRowType(result?.replace(/^SETOF /, '') ?? null) ||
        (hasSqlBody(definition, parser) && mentions(definition, [view.name])),
    )
    .map((routine) => `the ${routine.kind} ${shown(carrying, routine)}`)
  return [...tables, ...routines]
}

function readsView(carrying: Carrying, text: string, view: View): boolean {
  const { reads } = rewriteFor(carrying, { text, kind: 'expression', row: noRow }, 'temporary')
  return readsAny(reads, [view])
}

const noRow: ObjectName = { schema: '', name: '' }

// As format_type prints the row type of a relation, with its schema.
function typeText({ schema, name }: ObjectName): string {
  return [schema, name]
    .map((part) => (/^[a-z_][a-z0-9_]*$/.test(part) ? part : `"${part.replaceAll('"', '""')}"`))
    .join('.')
}
