import { findTable } from '../../catalog/catalog.ts'
import type { Sql } from '../../database/database.ts'
import { nearest } from '../../nearest.ts'
import { isVolatile, parseExpression, problemsOfExpression, type Expression } from '../batch/expression.ts'
import type { Draft, DraftColumn, DraftEnum, DraftTable } from '../batch/draft.ts'
import { internalName } from '../batch/names.ts'
import type { PhaseStep, StepBody, TableLock } from '../batch/phase-step.ts'
import type { RowScope } from '../batch/row-scope.ts'
import type { ActionsPart } from '../migration.ts'
import { problemAt, type Place } from '../problems.ts'
import type { Binding } from '../preflight/preflight-plan.ts'
import type { RuleOrigin } from '../sync/rule.ts'
import type { KeyPath } from './action.ts'

/** What the compiler of an action is given: the draft to change, and where the action stands. */
export interface ActionContext {
  readonly draft: Draft
  readonly migration: string
  readonly part: ActionsPart
  /** The action's place in its file, from 0. */
  readonly index: number
}

/** Says that the action cannot be done; compiling goes on, so that everything is told at once. */
export function problem(context: ActionContext, path: KeyPath, message: string, remedy: string): void {
  context.draft.problems.push(problemAt(placeOf(context, path), 0, { code: 'schema_conflict', message, remedy }))
}

/** Says something about the action that does not keep it from being done. */
export function warning(context: ActionContext, path: KeyPath, message: string, remedy: string): void {
  context.draft.warnings.push(problemAt(placeOf(context, path), 0, { code: 'schema_conflict', message, remedy }))
}

/** What breaks the writes of the other version: refused, or only told where the project is lenient. */
export function lint(context: ActionContext, path: KeyPath, message: string, remedy: string): void {
  const say = context.draft.input.options.lenient ? warning : problem
  say(context, path, message, remedy)
}

/** The place in the file of something that the action says. */
export function placeOf({ part, index }: ActionContext, path: KeyPath): Place {
  return { path: part.path, source: part.source, offset: part.locate(['actions', index, ...path]) }
}

/** A name for an object that exists only while the batch is under way. */
export function internal({ draft, migration, index }: ActionContext, ...parts: readonly string[]): string {
  return internalName(draft.target, migration, String(index), ...parts)
}

/** One step of the action; `part` tells the steps of one action apart. */
export function stepOf(
  { migration, index }: Pick<ActionContext, 'migration' | 'index'>,
  part: string,
  label: string,
  body: StepBody,
  undo: readonly StepBody[] = [],
): PhaseStep {
  return { key: `${migration}/${index}/${part}`, migration, label, body, undo }
}

/** Statements as one transaction. */
export function transaction(locks: readonly TableLock[], ...statements: readonly Sql[]): StepBody {
  return { kind: 'transaction', locks, statements }
}

/** Where a rule of the action comes from. */
export function originOf({ migration, index }: ActionContext, column: string): RuleOrigin {
  return { migration, action: index, column }
}

/** The table of that name in the new version; says so and returns undefined when there is none. */
export function requireTable(context: ActionContext, name: string, path: KeyPath): DraftTable | undefined {
  const { draft } = context
  const table = draft.tables.find((candidate) => candidate.name === name)
  if (table !== undefined) return table
  const other = nearest(
    name,
    draft.tables.map((candidate) => candidate.name),
  )
  const removed = draft.removed.some((candidate) => candidate.name === name)
  problem(
    context,
    path,
    removed ? `Table ${name} is removed by an earlier action of the batch.` : `There is no table ${name}.`,
    other === undefined ? 'Name a table that exists at this place of the batch.' : `Did you mean ${other}?`,
  )
  return undefined
}

/** The column of that name in the new version; says so and returns undefined when there is none. */
export function requireColumn(
  context: ActionContext,
  table: DraftTable,
  name: string,
  path: KeyPath,
): DraftColumn | undefined {
  const column = table.columns.find((candidate) => candidate.name === name)
  if (column !== undefined) return column
  const other = nearest(
    name,
    table.columns.map((candidate) => candidate.name),
  )
  problem(
    context,
    path,
    `Table ${table.name} has no column ${name}.`,
    other === undefined ? 'Name a column that it has at this place of the batch.' : `Did you mean ${other}?`,
  )
  return undefined
}

/** The enum of that name in the new version. */
export function findEnum({ draft }: Pick<ActionContext, 'draft'>, name: string): DraftEnum | undefined {
  return draft.enums.find((candidate) => candidate.name === name && !candidate.removed)
}

/** Whether something in the database has a name that a table, index or sequence would need. */
export function relationExists({ draft: { catalog, base } }: Pick<ActionContext, 'draft'>, name: string): boolean {
  return (
    findTable(catalog, { schema: base, name }) !== undefined ||
    [...catalog.views, ...catalog.sequences].some((object) => object.schema === base && object.name === name) ||
    catalog.tables.some((table) => table.schema === base && table.indexes.some((index) => index.name === name))
  )
}

/** Whether a type has the name, which a table would need too: its rows have a type of that name. */
export function typeExists({ draft }: Pick<ActionContext, 'draft'>, name: string): boolean {
  return (
    draft.catalog.types.some((type) => type.schema === draft.base && type.name === name) ||
    draft.enums.some((type) => type.name === name)
  )
}

/**
 * An expression of the author over some rows: understood, noted for the server to bind, and its problems told.
 * Returns undefined when it cannot be used.
 */
export function expressionOf(
  context: ActionContext,
  path: KeyPath,
  text: string,
  binding: Omit<Binding, 'text' | 'key' | 'place' | 'perRow'> & { readonly perRow?: boolean },
): Expression | undefined {
  const { draft, index } = context
  const place = placeOf(context, path)
  let expression: Expression
  try {
    expression = parseExpression(text, draft.input.parser)
  } catch (error) {
    if (!(error instanceof Error)) throw error
    problem(context, path, error.message, 'Write one SQL expression.')
    return undefined
  }
  const wrong = problemsOfExpression(expression, binding.rows)
  for (const { message, remedy } of wrong) problem(context, path, message, remedy)
  if (wrong.length > 0) return undefined
  draft.bindings.push({
    ...binding,
    text,
    key: keyText(['actions', index, ...path]),
    place,
    perRow: binding.perRow ?? expression.readsTables,
  })
  return expression
}

/** A value that gives something else each time. */
export function volatile({ draft }: ActionContext, expression: Expression): boolean {
  return isVolatile(expression, draft.catalog)
}

/** Keys as people write them: `actions[0].column.up`. */
export function keyText(path: KeyPath): string {
  return path.map((key, index) => (typeof key === 'number' ? `[${key}]` : index === 0 ? key : `.${key}`)).join('')
}

/** Rows with a table's columns as they are at this place of the batch, and names that stand for other columns. */
export function scopeWith(scope: RowScope, name: string, physical: string, type: string): RowScope {
  const others = scope.columns.filter((column) => column.name !== name)
  return { alias: scope.alias, columns: [...others, { name, physical, type }] }
}
