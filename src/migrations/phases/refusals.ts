import { MetastoreError } from '../../errors.ts'
import { namesOf, type BatchPhase, type StoredBatch } from '../stored-batch.ts'
import type { Refusal } from './transitions.ts'

/** The error for something that a batch under way does not allow; `waiting` are names that wait for it. */
export function refused(
  code: Refusal,
  batch: Pick<StoredBatch, 'migrations' | 'rollback'>,
  waiting: readonly string[] = [],
): MetastoreError {
  if (batch.rollback !== undefined) return rollbackRefused(code, batch)
  const names = listed(namesOf(batch))
  const one = batch.migrations.length === 1
  const waits = waiting.length === 0 ? '' : ` ${listed(waiting)} ${waiting.length === 1 ? 'waits' : 'wait'} for that.`
  const failure = {
    batch_applying: {
      message: `The start of ${names} was interrupted and is not finished.`,
      remedy: 'Go on with metastore start, or take it back with metastore abort.',
    },
    batch_in_progress: {
      message: `${names} ${one ? 'is' : 'are'} in progress: started, and neither completed nor aborted.${waits}`,
      remedy: 'Finish with metastore complete, or take it back with metastore abort; then run this again.',
    },
    batch_completing: {
      message: `The completion of ${names} was interrupted and is not finished.`,
      remedy: 'Finish it with metastore complete; then run this again.',
    },
    batch_aborting: {
      message: `The abort of ${names} was interrupted and is not finished.`,
      remedy: 'Finish it with metastore abort; then run this again.',
    },
    batch_not_abortable: {
      message: `${names} cannot be aborted any more: the completion has begun, and the old version is gone.`,
      remedy: 'Finish with metastore complete.',
    },
  }[code]
  return new MetastoreError({ code, ...failure })
}

function rollbackRefused(code: Refusal, batch: Pick<StoredBatch, 'migrations'>): MetastoreError {
  const names = listed(namesOf(batch))
  const interrupted = `The rollback of ${names} was interrupted and is not finished.`
  const eitherWay = 'Go on with metastore rollback, or take it back with metastore abort; then run this again.'
  const failure = {
    batch_applying: { message: interrupted, remedy: eitherWay },
    batch_in_progress: { message: interrupted, remedy: eitherWay },
    batch_completing: { message: interrupted, remedy: 'Finish it with metastore rollback; then run this again.' },
    batch_aborting: {
      message: `The abort of the rollback of ${names} was interrupted and is not finished.`,
      remedy: 'Finish it with metastore abort; then run this again.',
    },
    batch_not_abortable: {
      message: `The rollback of ${names} cannot be aborted any more: the version that it takes back is gone.`,
      remedy: 'Finish it with metastore rollback.',
    },
  }[code]
  return new MetastoreError({ code, ...failure })
}

/** The error for a command that has nothing to do with a batch, while one is under way. */
export function batchUnderWay(phase: BatchPhase, batch: Pick<StoredBatch, 'migrations' | 'rollback'>): MetastoreError {
  return refused(`batch_${phase}`, batch)
}

/** Names as a sentence lists them. */
export function listed(names: readonly string[]): string {
  if (names.length <= 1) return names[0] ?? 'nothing'
  return `${names.slice(0, -1).join(', ')} and ${names.at(-1) ?? ''}`
}
