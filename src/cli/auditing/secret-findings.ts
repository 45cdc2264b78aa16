import type { AuditFinding } from '../../audit/audit.ts'
import { sql } from '../../database/database.ts'
import type { Severity } from '../../finding.ts'
import type { Engine } from '../../migrations/migrations.ts'
import { countTokens, retirable, type TokenCount } from '../../secrets/count-tokens.ts'
import type { Keyring } from '../../secrets/keyring.ts'
import { findTokenColumns, type TokenColumn } from '../../secrets/token-columns.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { failureFinding } from './failure-finding.ts'
import { keySourceOf, openKeyring } from '../keyring.ts'
import { count } from '../ui/tables.ts'

/**
 * What is wrong with the columns that are declared as encrypted, and with the keys for them. Where there is no key, nothing can be
 * said of the values: an audit need not be trusted with them.
 */
export async function secretFindings(
  engine: Engine,
  entry: DatabaseEntry,
  context: Context,
): Promise<readonly AuditFinding[]> {
  const { encrypted: names, schema, origins } = entry.settings
  if (names.length === 0 || keySourceOf(entry.settings, await context.project()) === undefined) return []
  try {
    const ring = await openKeyring(entry, context)
    const { dialect } = engine.database
    const where = origins.encrypted.where ?? undefined
    const counts: TokenCount[] = []
    const findings: AuditFinding[] = []
    for (const column of await findTokenColumns(engine.session, dialect, { names, schema, where })) {
      const counted = await countTokens(engine.session, dialect, column, ring)
      counts.push(counted)
      findings.push(...columnFindings(counted, column))
    }
    return [...findings, ...keyFindings(ring, counts)]
  } catch (error) {
    return [failureFinding(error, 'secret')]
  }
}

function columnFindings(
  { column, noKey, damaged, notTokens }: TokenCount,
  { table, column: values }: TokenColumn,
): readonly AuditFinding[] {
  const query = `${sql`select count(*) from ${table} where ${values} is not null`.inline('postgres')};`
  return [
    ...(notTokens === 0
      ? []
      : [
          finding(
            'P0',
            'secret_in_clear',
            `${count(notTokens, 'value')} of ${column} ${notTokens === 1 ? 'is' : 'are'} not encrypted.`,
            'Write them anew through a seed or an application that encrypts them; metastore keys check counts them.',
            query,
          ),
        ]),
    ...(noKey + damaged === 0
      ? []
      : [
          finding(
            'P0',
            'secret_unreadable',
            `${count(noKey + damaged, 'value')} of ${column} cannot be decrypted: ${noKey} need another key, ${damaged} are damaged.`,
            'Give the key that they were encrypted with beside the others, or write them anew; metastore keys check says more.',
            query,
          ),
        ]),
  ]
}

function keyFindings(ring: Keyring, counts: readonly TokenCount[]): readonly AuditFinding[] {
  return retirable(ring, counts).map((position) =>
    finding(
      'P2',
      'key_unreferenced',
      `Key ${position} of ${ring.size} decrypts nothing in the columns that are declared as encrypted.`,
      'Take it away once every application has key 1.',
    ),
  )
}

function finding(
  severity: Severity,
  code: string,
  message: string,
  remedy: string,
  query: string | null = null,
): AuditFinding {
  return { code, kind: 'secret', severity, objectKey: null, migration: null, message, remedy, query, repair: [] }
}
