import { createHash } from 'node:crypto'

// PostgreSQL cuts names at 63 bytes (manual, 4.1.1), silently.
const longest = 63

/**
 * A name for an object that exists only while a batch is under way: `__metastore_`, eight hexadecimal digits, and as much of
 * the last part as fits 63 bytes. The same parts give the same name; `target` is the batch's last migration.
 */
export function internalName(target: string, ...parts: readonly string[]): string {
  const digest = createHash('sha256')
    .update(JSON.stringify([target, ...parts]))
    .digest('hex')
    .slice(0, 8)
  const readable = (parts.at(-1) ?? '').toLowerCase().replaceAll(/[^a-z0-9_]+/g, '_')
  return `__metastore_${digest}_${readable}`.slice(0, longest)
}

/** The schema that a version of the application uses. */
export function versionSchemaName(migration: string): string {
  return `migration_${migration}`
}

/** The schema that holds the functions which keep two versions in step. */
export function syncSchemaName(stateSchema: string): string {
  return `${stateSchema}_sync`
}
