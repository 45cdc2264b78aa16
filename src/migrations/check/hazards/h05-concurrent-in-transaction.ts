import { classifyPostgres } from '../../sql/classify-postgres.ts'
import type { Hazard } from '../hazard.ts'

/**
 * A statement that the server refuses in a transaction, in one. Files in a transaction are refused by their reader, and the
 * engine journals files of mixed statements one by one; so this is for what neither sees: a BEGIN of the file's own, a body,
 * and the script of an action.
 */
export const concurrentInTransaction: Hazard = {
  id: 'H05',
  code: 'concurrent_in_transaction',
  title: 'CONCURRENTLY, or anything else that the server refuses in a transaction, inside one',
  severity: 'P0',
  why: 'The server refuses it, so the migration fails whenever it is run.',
  remedy:
    'Move it out of the transaction or the body, into a file or script with the line "-- metastore: no-transaction".',
  silence: 'In files that run in one transaction, whose reader refuses the statement already.',
  needs: ['S'],
  detect({ node, transaction, origin, text }, { script }) {
    if (transaction === null || classifyPostgres(node).kind !== 'outside') return []
    if (origin === 'script' && script.transaction && script.editable) return []
    const place = origin === 'body' ? 'in a function or a DO block' : 'in a transaction'
    return [{ message: `PostgreSQL refuses ${firstWords(text)} ${place}.` }]
  },
}

function firstWords(text: string): string {
  const words = /^(?:\w+\s+){1,3}?concurrently\b/i.exec(text)?.[0] ?? /^\w+/.exec(text)?.[0] ?? 'this'
  return words.replaceAll(/\s+/g, ' ').toUpperCase()
}
