import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { sql } from '../database/database.ts'
import type { MigrationFile } from '../migrations/migrations.ts'
import { filesOfName } from './file-names.ts'
import type { AdoptionSource } from './history.ts'
import { findToolTable } from './tool-table.ts'

interface Row {
  readonly hash: string
  /** When the migration was generated, in milliseconds, as text. */
  readonly madeAt: string | null
}

/**
 * Drizzle (drizzle-orm 0.17 to 0.45) keeps `drizzle.__drizzle_migrations`: the SHA-256 of each file and when it was generated,
 * by which its journal, `meta/_journal.json`, names it. When it was applied is not kept.
 */
export const drizzleSource: AdoptionSource = {
  title: 'Drizzle',

  table: async (db, base) => {
    const shape = { name: '__drizzle_migrations', columns: ['hash', 'created_at'] }
    return (await findToolTable(db, { ...shape, schema: 'drizzle' }, base)) ?? findToolTable(db, shape, base)
  },

  async read(db, { at }, files) {
    const rows = await db.query<Row>(sql`
      select hash, created_at::text as "madeAt" from ${at} order by created_at, id`)
    const tags = await journalTags(files)
    const migrations = rows.map(({ hash, madeAt }) => ({
      name: tags.get(madeAt ?? '') ?? files.find((file) => hashesOf(file).includes(hash))?.name ?? hash.slice(0, 12),
      description: null,
      appliedAt: null,
      actions: null,
      checksum: hash,
    }))
    return { busy: null, migrations, versions: false }
  },

  filesOf: ({ name }, files) => filesOfName(name, files),

  isSame(file, { checksum }) {
    return file.format === 'sql' && checksum ? hashesOf(file).includes(checksum) : null
  },
}

// The names of migrations by when they were generated, from the journals beside the files.
async function journalTags(files: readonly MigrationFile[]): Promise<Map<string, string>> {
  const tags = new Map<string, string>()
  for (const directory of new Set(files.map(({ absolutePath }) => path.dirname(absolutePath)))) {
    for (const { when, tag } of await readJournal(path.join(directory, 'meta', '_journal.json'))) {
      tags.set(String(when), tag)
    }
  }
  return tags
}

async function readJournal(file: string): Promise<{ readonly when: number; readonly tag: string }[]> {
  try {
    const journal = JSON.parse(await readFile(file, 'utf8')) as { readonly entries?: unknown }
    return Array.isArray(journal.entries) ? (journal.entries as { when: number; tag: string }[]) : []
  } catch {
    // Not there, or not a journal: then the files are known by their text alone.
    return []
  }
}

function hashesOf({ source }: MigrationFile): string[] {
  const plain = source.replaceAll('\r\n', '\n')
  return [source, plain, plain.replaceAll('\n', '\r\n')].map((text) => createHash('sha256').update(text).digest('hex'))
}
