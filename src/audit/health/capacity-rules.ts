import { displayName, objectKey } from '../../catalog/catalog.ts'
import { id, literal, sql } from '../../database/database.ts'
import { asText, shownTable } from './constraint-rules.ts'
import type { HealthRule } from './health-rule.ts'

/** Sequences that are about to run out of numbers. */
export const sequenceNearItsEnd: HealthRule = {
  code: 'sequence_near_its_end',
  severity: 'P1',
  why: 'When the last number is given out, every insert fails.',
  find: (_, { sequences }) =>
    sequences
      .filter(({ used }) => used !== null && used > 0.7)
      .map(({ schema, name, used, column }) => ({
        objectKey: objectKey('sequence', [schema, name]),
        severity: (used ?? 0) > 0.9 ? ('P0' as const) : ('P1' as const),
        message: `Sequence ${shownTable({ schema, name })} has given out ${Math.floor((used ?? 0) * 100)} % of its numbers.`,
        remedy:
          column === null
            ? 'Raise its maximum (alter sequence … as bigint).'
            : `Make ${column} a bigint by an alter_column action.`,
        query: asText(
          sql`select last_value, max_value from pg_sequences where schemaname = ${literal(schema)} and sequencename = ${literal(name)}`,
        ),
        repair: [],
      })),
}

/** Extensions of which the server has a newer version. */
export const extensionBehind: HealthRule = {
  code: 'extension_behind',
  severity: 'P2',
  why: 'After an upgrade of the server the old definitions of an extension go on being used.',
  find: (_, { extensions }) =>
    extensions
      .filter(({ installed, available }) => installed !== available)
      .map(({ name, installed, available }) => ({
        objectKey: objectKey('extension', [name]),
        message: `Extension ${displayName(name)} is at ${installed}; the server has ${available}.`,
        remedy: `Read its notes, then run ${asText(sql`alter extension ${id(name)} update`)}`,
        query: asText(
          sql`select installed_version, default_version from pg_available_extensions where name = ${literal(name)}`,
        ),
        repair: [],
      })),
}

// Autovacuum begins at a fifth (PostgreSQL manual, 19.10); twice that means that it does not keep up.
const deadShare = 0.4
const fewRows = 10_000

/** Tables that are full of rows which nobody sees any more. */
export const deadRows: HealthRule = {
  code: 'dead_rows',
  severity: 'P2',
  why: 'Every scan reads them, and the table grows.',
  find: (_, { tables }) =>
    tables
      .filter(({ rows, deadRows: dead }) => dead > fewRows && dead > deadShare * (Math.max(rows, 0) + dead))
      .map(({ schema, name, rows, deadRows: dead }) => ({
        objectKey: objectKey('table', [schema, name]),
        message: `Table ${shownTable({ schema, name })} has about ${dead} dead rows beside ${Math.max(rows, 0)} live ones.`,
        remedy: `Find what holds old snapshots open, then run ${asText(sql`vacuum (analyze) ${id(schema, name)}`)}`,
        query: asText(
          sql`select n_live_tup, n_dead_tup, last_autovacuum from pg_stat_user_tables where schemaname = ${literal(schema)} and relname = ${literal(name)}`,
        ),
        repair: [],
      })),
}
