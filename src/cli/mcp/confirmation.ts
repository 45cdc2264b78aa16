import { createHash } from 'node:crypto'
import { MetastoreError } from '../../errors.ts'

/** A short name for exactly this content: what was shown is what is confirmed with it. */
export function hashOf(content: unknown): string {
  return createHash('sha256').update(JSON.stringify(content, withoutDurations)).digest('hex').slice(0, 32)
}

// How long something took is never the same twice.
function withoutDurations(key: string, value: unknown): unknown {
  return key === 'durationMs' ? undefined : value
}

/** The refusal of a hash that stands for no plan, or for one that does not fit any more. */
export function planUnknown(tool: string): MetastoreError {
  return new MetastoreError({
    code: 'plan_stale',
    message:
      'The plan_hash is not that of a plan made in this session for this database, or the plan has changed. Nothing was changed.',
    where: 'plan_hash',
    remedy: `Call ${tool} again, read what it says, and give its plan_hash.`,
  })
}

/** The refusal of a confirmation that does not name what is in progress. */
export function notConfirmed(inProgress: readonly string[]): MetastoreError {
  return new MetastoreError({
    code: 'consent_needed',
    message: 'The confirmation does not name the migrations that are in progress. Nothing was changed.',
    where: 'confirm',
    remedy:
      inProgress.length === 0
        ? 'Nothing is in progress on this database; call status to see where it stands.'
        : `Call status, make sure that this is meant, and give confirm: ${JSON.stringify(inProgress.join(', '))}.`,
  })
}
