import { MetastoreError } from '../errors.ts'
import { parseMigration, type Action, type MigrationFile } from '../migrations/migrations.ts'
import type { RecordedMigration } from './history.ts'

/** A recorded migration as a file: what the history gets when the real one is gone, and what that is compared with. */
export function recordedFile({ name, description, actions }: RecordedMigration): MigrationFile {
  const path = `${name} (as recorded)`
  return {
    name,
    version: /^\d+/.exec(name)?.[0].replace(/^0+(?=\d)/, '') ?? null,
    path,
    absolutePath: path,
    format: 'actions',
    source: `${JSON.stringify({ ...(description !== null && { description }), actions: actions ?? [] }, null, 2)}\n`,
    checksum: '',
    // The other tool may have stored keys that it has and we have not.
    unknownKeys: 'warn',
  }
}

/** Whether a file says what was recorded, apart from defaults and from keys that do nothing. */
export async function saysTheSame(file: MigrationFile, recorded: RecordedMigration): Promise<boolean> {
  if (recorded.actions === null) return true
  const ran = await parseMigration(recordedFile(recorded), 'postgres').catch(unreadable)
  const says = await parseMigration({ ...file, unknownKeys: 'warn' }, 'postgres')
  if (ran?.up.kind !== 'actions' || says.up.kind !== 'actions') return false
  return canonical(ran.up.actions) === canonical(says.up.actions)
}

function unreadable(error: unknown): undefined {
  if (error instanceof MetastoreError) return undefined
  throw error
}

function canonical(actions: readonly Action[]): string {
  return JSON.stringify(actions.map((action) => plain(heeded(action), null)))
}

// The tools that know the key `where` of a derived table have never heeded it, and do not record it.
function heeded(action: Action): Action {
  if (action.type !== 'create_table' || action.up === undefined) return action
  return { ...action, up: { ...action.up, where: undefined } }
}

function plain(value: unknown, parent: string | null): unknown {
  if (Array.isArray(value)) return value.map((each) => plain(each, parent))
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value)
    .map(([key, member]) => [key, plain(member, key)] as const)
    .filter(([key, member]) => !isDefault(key, member, parent))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(members)
}

// Written or left out, these mean the same.
function isDefault(key: string, member: unknown, parent: string | null): boolean {
  if (member === undefined || member === null) return true
  if (typeof member === 'object') return Object.keys(member).length === 0
  if (key === 'nullable') return member === true && parent !== 'changes'
  if (key === 'unique') return member === false
  return key === 'type' && member === 'btree' && parent === 'index'
}
