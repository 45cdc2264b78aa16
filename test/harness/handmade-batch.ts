import { id, sql, type Sql } from '../../src/database/database.ts'
import type { BatchInput, CompiledBatch } from '../../src/migrations/batch/compiled-batch.ts'
import type { LockMode, PhaseStep, StepBody, TableLock } from '../../src/migrations/batch/phase-step.ts'

/** A batch of steps made by hand, with the version schema's at the end of the start, as the compiler makes it. */
export function handmadeBatch(
  input: BatchInput,
  steps: Partial<Omit<CompiledBatch, 'target' | 'versionSchema' | 'preflight'>>,
): CompiledBatch {
  const target = input.migrations.at(-1)?.name ?? ''
  const schema = `migration_${target}`
  const version: PhaseStep = {
    key: 'version_schema',
    migration: null,
    label: `create schema ${schema}`,
    body: statements(sql`create schema ${id(schema)}`),
    undo: [statements(sql`drop schema ${id(schema)}`)],
  }
  return {
    incomplete: false,
    prepare: [],
    complete: [],
    problems: [],
    warnings: [],
    abortChecks: [],
    losses: [],
    ...steps,
    target,
    versionSchema: { name: schema, base: input.base, views: [], grants: [] },
    preflight: {
      base: input.base,
      oldSchema: null,
      tables: [],
      enums: [],
      bindings: [],
      checks: [],
      changed: [],
      creates: false,
      written: [],
    },
    start: steps.incomplete === true ? (steps.start ?? []) : [...(steps.start ?? []), version],
  }
}

/** Statements in one transaction. */
export function statements(...list: readonly Sql[]): StepBody {
  return { kind: 'transaction', locks: [], statements: list }
}

/** The same, with locks on tables of the schema `public`. */
export function locking(mode: LockMode, tables: readonly string[], ...list: readonly Sql[]): StepBody {
  const locks = tables.map((name): TableLock => ({ schema: 'public', name, mode }))
  return { kind: 'transaction', locks, statements: list }
}

/** A step. */
export function step(key: string, body: StepBody, ...undo: readonly StepBody[]): PhaseStep {
  return { key, migration: null, label: key.replaceAll('_', ' '), body, undo }
}

/** A step that makes a table, and takes it back. */
export function makes(table: string): PhaseStep {
  return step(
    `make_${table}`,
    statements(sql`create table ${id('public', table)} (id int primary key)`),
    statements(sql`drop table if exists ${id('public', table)}`),
  )
}

/** SQL as an author writes it. */
export function script(text: string): StepBody {
  return { kind: 'script', sql: { text, offset: 0, source: text, path: 'migrations/handmade.json' } }
}

/** A file of actions that says nothing, for batches whose steps are made by hand. */
export const emptyActions = JSON.stringify({ actions: [] })
