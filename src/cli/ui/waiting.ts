import type { WaitingMigration } from '../../migrations/migrations.ts'

/** A line about a migration that waits for an extension. */
export function describeWaiting({ name, extensions }: WaitingMigration): string {
  const [what, are] = extensions.length === 1 ? ['the extension', 'is'] : ['the extensions', 'are']
  return `waiting  ${name}: ${what} ${extensions.join(', ')} ${are} not on this server`
}
