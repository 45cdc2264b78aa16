import type { BookkeepingState } from './bookkeeping.ts'
import { readPosition, type Engine } from './engine.ts'
import { readJournal, type JournalEntry } from './journal.ts'
import type { MigrationFile } from './migration.ts'
import { versionSchemaName } from './batch/names.ts'
import { compareWithHistory, describeDiscrepancy, type Allowances, type Discrepancy } from './pending.ts'
import { isAlive } from './phases/lease.ts'
import { backfillsOf, stepOf, type BackfillStatus, type StepStatus } from './phases/step-status.ts'
import { readSteps } from './phases/step-journal.ts'
import { namesOf, type BatchPhase, type Lease } from './stored-batch.ts'

/** Where a database stands against its files. */
export interface DatabaseStatus {
  /** `idle` when nothing is going on; `applying` also when a file outside a transaction was begun and is not finished. */
  readonly state: 'idle' | BatchPhase
  /** Whether metastore has ever migrated this database. */
  readonly managed: boolean
  /** The newest migration in effect; null when there is none. */
  readonly current: string | null
  /** The newest migration there is a file of; null when there is none. */
  readonly head: string | null
  readonly applied: readonly string[]
  /** Names of the batch that is under way, in order. */
  readonly inProgress: readonly string[]
  /** Whether what is under way takes back what is in progress, instead of applying it. */
  readonly rollingBack: boolean
  /** What is neither applied nor in progress. */
  readonly pending: readonly string[]
  readonly discrepancies: readonly (Discrepancy & { readonly message: string; readonly remedy: string })[]
  /** Steps that were begun outside a transaction and wait to go on. */
  readonly interrupted: readonly JournalEntry[]
  /** The version schema that the old application uses while a batch is under way; null where there is none. */
  readonly oldSchema: string | null
  /** The version schema of the newest version: of the batch where one is in progress or completing. */
  readonly newSchema: string | null
  /** What is being done to the batch, or was when it was interrupted; null when nothing is. */
  readonly step: StepStatus | null
  /** The batch's backfills that have begun. */
  readonly backfills: readonly BackfillStatus[]
  /** Who works on the batch at this moment; null when nobody does. */
  readonly lockHolder: Lease | null
  /** Whether nothing is pending, under way, interrupted or in disagreement. */
  readonly atHead: boolean
}

/** Looks at where a database stands; a few reads, nothing is written and nothing waits. */
export async function readStatus(
  engine: Pick<Engine, 'session' | 'bookkeeping'>,
  files: readonly MigrationFile[],
  allow: Allowances = {},
): Promise<DatabaseStatus> {
  const { state, applied } = await readPosition(engine)
  const journal = state.layout === null ? [] : await readJournal(engine.session, engine.bookkeeping)
  const { pending, discrepancies, newest } = compareWithHistory(files, applied, allow)
  const batch = await readBatchStatus(engine, state)
  const waiting = pending.filter(({ name }) => !batch.inProgress.includes(name))
  return {
    state: state.phase ?? (journal.length > 0 ? 'applying' : 'idle'),
    managed: state.layout !== null,
    current: applied.at(-1)?.name ?? null,
    head: files.at(-1)?.name ?? null,
    applied: applied.map(({ name }) => name),
    pending: waiting.map(({ name }) => name),
    discrepancies: discrepancies.map((discrepancy) => {
      const { message, remedy } = describeDiscrepancy(discrepancy, newest)
      return { ...discrepancy, message, remedy }
    }),
    interrupted: journal,
    ...batch,
    atHead: waiting.length === 0 && discrepancies.length === 0 && journal.length === 0 && state.phase === null,
  }
}

type BatchStatus = Pick<
  DatabaseStatus,
  'rollingBack' | 'inProgress' | 'oldSchema' | 'newSchema' | 'step' | 'backfills' | 'lockHolder'
>

async function readBatchStatus(
  { session, bookkeeping }: Pick<Engine, 'session' | 'bookkeeping'>,
  { phase, batch, version, lease }: BookkeepingState,
): Promise<BatchStatus> {
  const current = version === null ? null : versionSchemaName(version)
  if (batch === null || phase === null) {
    return {
      rollingBack: false,
      inProgress: [],
      oldSchema: null,
      newSchema: current,
      step: null,
      backfills: [],
      lockHolder: null,
    }
  }
  const notes = await readSteps(session, bookkeeping)
  const lockHolder = lease !== null && (await isAlive(session, lease)) ? lease : null
  const shown = phase === 'in_progress' || phase === 'completing'
  return {
    rollingBack: batch.rollback !== undefined,
    inProgress: namesOf(batch),
    // Gone as soon as the completion has begun.
    oldSchema: phase === 'completing' ? null : current,
    newSchema: shown ? versionSchemaName(batch.target) : null,
    step: stepOf(phase, notes, lockHolder),
    backfills: backfillsOf(notes),
    lockHolder,
  }
}
