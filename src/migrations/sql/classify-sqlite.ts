import type { Classification } from './classification.ts'
import { tokensOf } from './scanner.ts'
import type { Statement } from './split.ts'

// Tried on SQLite 3.45: in a transaction `synchronous`, `wal_checkpoint` and VACUUM are errors, the others are silently left as
// they were. Those of the first set last as long as the connection, those of the second are kept in the file.
const sessionOutside = new Set(['foreign_keys', 'synchronous'])
const fileOutside = new Set(['journal_mode', 'auto_vacuum', 'page_size', 'wal_checkpoint'])

const sessionPragmas = new Set([
  'automatic_index',
  'busy_timeout',
  'cache_size',
  'cache_spill',
  'case_sensitive_like',
  'cell_size_check',
  'checkpoint_fullfsync',
  'fullfsync',
  'hard_heap_limit',
  'ignore_check_constraints',
  'legacy_alter_table',
  'locking_mode',
  'mmap_size',
  'query_only',
  'read_uncommitted',
  'recursive_triggers',
  'reverse_unordered_selects',
  'secure_delete',
  'soft_heap_limit',
  'temp_store',
  'threads',
  'trusted_schema',
  'wal_autocheckpoint',
  'writable_schema',
])

/** How a statement of SQLite gets along with transactions. */
export function classifySqlite({ text, words }: Pick<Statement, 'text' | 'words'>): Classification {
  switch (words[0]) {
    case 'begin':
      return { kind: 'begin' }
    case 'commit':
    case 'end':
      return { kind: 'commit' }
    case 'rollback':
      return { kind: words[1] === 'to' || words[2] === 'to' ? 'transactional' : 'rollback' }
    case 'vacuum':
      return { kind: 'outside' }
    case 'attach':
    case 'detach':
      return { kind: 'session' }
    case 'create':
      return { kind: words[1] === 'temp' || words[1] === 'temporary' ? 'temporary' : 'transactional' }
    case 'pragma':
      return classifyPragma(text)
    default:
      return { kind: 'transactional' }
  }
}

/** Whether SQLite refuses a statement in a transaction, or silently does nothing there. */
export function isIdleInTransaction({ text, words }: Pick<Statement, 'text' | 'words'>): boolean {
  if (words[0] === 'vacuum') return true
  const name = words[0] === 'pragma' ? pragmaSet(text) : undefined
  return name !== undefined && (sessionOutside.has(name) || fileOutside.has(name))
}

function classifyPragma(text: string): Classification {
  const name = pragmaSet(text)
  if (name === undefined) return { kind: 'transactional' }
  if (fileOutside.has(name)) return { kind: 'outside' }
  return { kind: sessionOutside.has(name) || sessionPragmas.has(name) ? 'session' : 'transactional' }
}

// The pragma that a statement sets; undefined when it only asks for the value.
function pragmaSet(text: string): string | undefined {
  const tokens = Array.from(tokensOf(text, { start: 0, end: text.length }, 'sqlite'), ({ start, end }) =>
    text.slice(start, end).toLowerCase(),
  )
  const at = tokens[2] === '.' ? 3 : 1
  const name = tokens[at]?.replaceAll(/^["'`[]|["'`\]]$/g, '')
  return tokens[at + 1] === '=' || tokens[at + 1] === '(' || name === 'wal_checkpoint' ? name : undefined
}
