import type { DatabaseError } from '../../database/database.ts'

/** The modules of the schema that a database may be without, and their tables. */
const modules: Readonly<Record<string, readonly string[]>> = {
  runs: [
    'runs',
    'run_events',
    'checkpoints',
    'checkpoint_blobs',
    'checkpoint_writes',
    'crons',
    'outbox',
    'idempotency_keys',
  ],
  memory: ['store_items', 'store_vectors'],
  knowledge: ['documents', 'chunks'],
  work: ['tasks'],
  support: ['supporters', 'escalations'],
  skills: ['skill_workflows', 'skill_runs'],
  telemetry: ['events'],
  guardrails: ['ai_guardrails'],
  settings: ['setting_definitions', 'setting_options', 'setting_values'],
}

/**
 * The module of the schema that the database is without, where that is why a statement failed. The table is read from the statement:
 * what the server says of it is in the language of the server.
 */
export function missingModule({ engineCode, statement, position }: DatabaseError): string | undefined {
  if (engineCode !== '42P01' || statement === undefined || position === undefined) return undefined
  const [table = ''] = /^\w+/.exec(statement.slice(position)) ?? []
  return Object.keys(modules).find((name) => modules[name]?.includes(table))
}
