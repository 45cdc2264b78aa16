import { id, sql } from '../../database/database.ts'
import { compileAction } from '../actions/compile-action.ts'
import type { ActionContext } from '../actions/context.ts'
import { isOpaque } from '../actions/custom.ts'
import { compileSync, ensureSyncSchema, dropSyncSchema } from '../sync/compile-sync.ts'
import { serializeInserts } from '../sync/serialize-inserts.ts'
import { problemAt } from '../problems.ts'
import { createVersionSchema, dropVersionSchema } from '../versions/version-schema.ts'
import { carryOver, type CarriedOver, type Remark } from './carry-over.ts'
import type { BatchInput, CompiledBatch } from './compiled-batch.ts'
import { parseExpression } from './expression.ts'
import type { GeneratedValue } from '../sync/sync-input.ts'
import { alterTable, beginDraft, lockOf, type Draft, type DraftTable } from './draft.ts'
import { placeOfAlteration, carryInput } from './carry-input.ts'
import { inheritanceProblems } from './inheritance.ts'
import {
  addedDefault,
  keyOfPhysical,
  settleSteps,
  syncAndBackfillSteps,
  tightenSteps,
  type Carried,
  type Sync,
} from './fill-steps.ts'
import type { PhaseStep } from './phase-step.ts'
import { refreshDraft } from './refresh-draft.ts'
import { compileSwaps } from './swap.ts'
import { preflightPlan, versionSchemaOf } from './outcome.ts'

/** The key of the step that makes the new version's schema, in whose transaction the batch becomes `in_progress`. */
export const versionSchemaKey = 'version_schema'

/**
 * Compiles a batch: what `start`, `complete` and `abort` do, and what is wrong with it. Pure: no database is asked, and
 * equal inputs give equal steps. An opaque step whose outcome is not among the catalogs ends the start early.
 */
export function compileBatch(input: BatchInput): CompiledBatch {
  const draft = beginDraft(input)
  const incomplete = compileActions(draft)
  if (!incomplete) draft.finalChecks.forEach((check) => check())
  forgetIdleRules(draft)
  draft.problems.push(...inheritanceProblems(draft))

  const carried = carryAll(draft)
  const sync = syncObjects(draft)
  const versionSchema = versionSchemaOf(draft)
  const wrong = draft.problems.length > 0
  return {
    target: draft.target,
    versionSchema,
    incomplete,
    start: incomplete || wrong ? [...draft.expand] : startSteps(draft, sync, carried),
    prepare: incomplete || wrong ? [] : prepareSteps(draft, sync, carried),
    complete: incomplete || wrong ? [] : completeSteps(draft, sync, carried),
    problems: draft.problems,
    warnings: draft.warnings,
    preflight: preflightPlan(draft),
    abortChecks: draft.abortChecks,
    losses: draft.losses.flatMap((loss) => loss() ?? []),
  }
}

function compileActions(draft: Draft): boolean {
  const places = draft.input.migrations.flatMap(({ name, part }) =>
    part.actions.map((action, index): { action: typeof action; context: ActionContext } => ({
      action,
      context: { draft, migration: name, part, index },
    })),
  )
  let opaque = 0
  for (const { action, context } of places) {
    compileAction(action, context)
    if (!isOpaque(action)) continue
    opaque += 1
    draft.expand.push({
      key: `reintrospect/${opaque}`,
      migration: context.migration,
      label: 'read the schema again',
      body: { kind: 'reintrospect' },
      undo: [],
    })
    const catalog = draft.input.catalogs[opaque]
    if (catalog === undefined) return true
    refreshDraft(draft, catalog)
  }
  return false
}

// A table that the batch makes has no rows and no old session that writes any, unless it is derived from another one or a
// script of the author's fills it; so nothing has to follow.
function forgetIdleRules(draft: Draft): void {
  if (draft.expand.some(({ body }) => body.kind === 'script')) return
  const derived = new Set(draft.rules.flatMap((rule) => (rule.kind === 'derive' ? [rule.table] : [])))
  const idle = new Set(
    draft.tables.filter(({ created, physical }) => created && !derived.has(physical)).map(({ physical }) => physical),
  )
  const kept = draft.rules.filter(
    (rule) =>
      !idle.has(rule.table) ||
      rule.direction === 'down' ||
      rule.kind === 'derive' ||
      (rule.kind === 'compute' && rule.counterpart !== null),
  )
  draft.rules.splice(0, draft.rules.length, ...kept)
}

function carryAll(draft: Draft): Carried {
  const inputs = draft.tables.flatMap((table) => {
    const input = carryInput(draft, table)
    return input === undefined ? [] : [{ table, input }]
  })
  const results = carryOver(inputs.map(({ input }) => input))
  const carried = new Map<DraftTable, CarriedOver>()
  for (const [index, { table }] of inputs.entries()) {
    const result = results[index]
    if (result === undefined) continue
    carried.set(table, result)
    const place = placeOfAlteration(draft, table)
    const at = (remark: Remark) => problemAt(place, 0, { code: 'schema_conflict', ...remark })
    draft.problems.push(...result.problems.map(at))
    draft.warnings.push(...result.warnings.map(at))
    draft.bindings.push(
      ...result.bindings.map((binding) => ({ ...binding, type: null, side: 'new' as const, perRow: false, place })),
    )
  }
  return carried
}

function syncObjects(draft: Draft): Sync {
  if (draft.rules.length === 0) return new Map()
  const tables = new Map([...draft.tables, ...draft.removed].map((table) => [table.physical, table]))
  const pending = draft.rules.flatMap((rule) =>
    rule.direction === 'up' && (rule.kind === 'compute' || rule.kind === 'lookup') ? [rule.table] : [],
  )
  const objects = compileSync({
    rules: draft.rules,
    base: draft.base,
    oldSchema: draft.oldSchema,
    versionSchema: draft.newSchema,
    target: draft.target,
    stateSchema: draft.input.stateSchema,
    userTriggers: (table) =>
      (tables.get(table)?.original?.triggers ?? []).flatMap(({ timing, level, name }) =>
        timing === 'before' && level === 'row' ? [name] : [],
      ),
    pendingTables: new Set(pending),
    forcedRowSecurity: draft.catalog.tables.some(({ rowSecurity }) => rowSecurity.forced),
    keyOf: (table) => keyOfPhysical([...tables.values()], table),
    defaultOf: (table, column) => addedDefault(tables.get(table), column),
    generated: (table, column) => generatedValue(draft, tables.get(table), column),
  })
  return new Map(
    objects.map((one) => {
      const table = tables.get(one.table)
      if (table === undefined || !draft.input.options.serializeUpserts || !replacesUnique(table))
        return [one.table, one]
      const { stateSchema } = draft.input
      const serialized = serializeInserts({ base: draft.base, table: one.table, target: draft.target, stateSchema })
      return [
        one.table,
        { ...one, create: [...one.create, ...serialized.create], drop: [...serialized.drop, ...one.drop] },
      ]
    }),
  )
}

function startSteps(draft: Draft, sync: Sync, carried: Carried): PhaseStep[] {
  const { stateSchema } = draft.input
  const schema: PhaseStep[] =
    sync.size === 0
      ? []
      : [
          {
            key: 'sync_schema',
            migration: null,
            label: 'make room for what keeps both versions in step',
            body: { kind: 'transaction', locks: [], statements: ensureSyncSchema(stateSchema) },
            undo: [{ kind: 'transaction', locks: [], statements: dropSyncSchema(stateSchema) }],
          },
        ]
  return [
    ...schema,
    ...draft.expand,
    ...syncAndBackfillSteps(draft, sync, carried),
    ...[...carried.values()].flatMap(({ build }) => build),
    ...draft.indexes.flatMap((steps) => steps()),
    ...[...carried.values()].flatMap(({ keys }) => keys),
    ...draft.keys.flatMap((steps) => steps()),
    versionSchemaStep(draft),
  ]
}

function versionSchemaStep(draft: Draft): PhaseStep {
  const schema = versionSchemaOf(draft)
  const { serverMajor } = draft.input
  return {
    key: versionSchemaKey,
    migration: null,
    label: `create schema ${schema.name}`,
    body: {
      kind: 'transaction',
      locks: [],
      statements: createVersionSchema(schema, { serverMajor, exposeViews: draft.input.options.exposeViews }),
    },
    undo: [{ kind: 'transaction', locks: [], statements: dropVersionSchema(schema.name) }],
  }
}

function prepareSteps(draft: Draft, sync: Sync, carried: Carried): PhaseStep[] {
  return [
    ...settleSteps(draft, sync),
    ...[...sync.values()].flatMap(({ table, putOff }) => (putOff === null ? [] : tightenSteps(draft, table))),
    ...draft.tables.flatMap((table) =>
      table.guards.map((guard): PhaseStep => ({
        key: `validate/${table.physical}/${guard.column}`,
        migration: null,
        label: `check that ${table.name} has no nulls in its new column`,
        body: {
          kind: 'transaction',
          locks: [lockOf(draft, table.physical, 'share update exclusive')],
          statements: [alterTable(draft, table, sql`validate constraint ${id(guard.name)}`)],
        },
        undo: [],
      })),
    ),
    ...[...carried.values()].flatMap(({ prepare }) => prepare),
  ]
}

function completeSteps(draft: Draft, sync: Sync, carried: Carried): PhaseStep[] {
  const swaps = compileSwaps(
    draft,
    [...draft.tables, ...draft.removed].map((table) => ({
      table,
      sync: sync.get(table.physical),
      carried: carried.get(table),
    })),
  )
  const last: PhaseStep[] =
    sync.size === 0
      ? []
      : [
          {
            key: 'drop_sync_schema',
            migration: null,
            label: 'take away what kept both versions in step',
            body: { kind: 'transaction', locks: [], statements: dropSyncSchema(draft.input.stateSchema) },
            undo: [],
          },
        ]
  const released = [...carried.values()].flatMap(({ release }) => release)
  return [...released, ...swaps, ...draft.finish.flatMap((steps) => steps()), ...last]
}

// Whether a column gets another one in its place that is in a unique index.
function replacesUnique({ original, columns }: DraftTable): boolean {
  const replaced = columns.flatMap((column) =>
    column.original !== null && column.original.name !== column.physical ? [column.original.name] : [],
  )
  return (original?.indexes ?? []).some(
    ({ unique, keys }) => unique && keys.some((key) => key.kind === 'expression' || replaced.includes(key.column)),
  )
}

function generatedValue(draft: Draft, table: DraftTable | undefined, physical: string): GeneratedValue | undefined {
  const original = table?.original ?? undefined
  const generated = original?.columns.find(({ name }) => name === physical)?.generated
  if (table === undefined || original === undefined || generated == null) {
    return table?.columns.find((column) => column.physical === physical)?.generated
  }
  return {
    expression: parseExpression(generated.expression, draft.input.parser),
    scope: {
      alias: original.name,
      columns: original.columns.map(({ name, type }) => ({ name, physical: name, type })),
    },
  }
}
