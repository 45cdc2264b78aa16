// The database that metastore.toml names, with the same default.

import { openDatabase } from 'metastore'

/** Opens the assistant's database. */
export function openAssistant() {
  return openDatabase(process.env['DATABASE_URL'] ?? 'pglite:.metastore/sme-assistant')
}
