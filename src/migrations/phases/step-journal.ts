import { sql, type Queryable, type Sql } from '../../database/database.ts'
import { readOrNothing, type Bookkeeping } from '../bookkeeping.ts'
import type { PhaseStep } from '../batch/phase-step.ts'

/** The part of a batch's life that a step belongs to; a step's key is unique in it. */
export type StepPhase = 'start' | 'prepare' | 'complete' | 'abort'

/** What the journal says of a step: `intent` when it was begun and is not in one transaction, `done` when it is. */
export interface StepNote {
  readonly phase: StepPhase
  readonly step: string
  readonly migration: string | null
  readonly label: string
  readonly status: 'intent' | 'done'
  /** How far it has come, where a step knows. */
  readonly progress: unknown
  readonly durationMs: number
}

/** What is noted of a step. */
export interface StepChange {
  readonly status: StepNote['status']
  /** By default what was noted before. */
  readonly progress?: unknown
  /** Milliseconds, in addition to those noted before. */
  readonly durationMs?: number
}

/** The steps of the batch that is under way, in the order in which they were noted last. */
export function readSteps(db: Queryable, { steps }: Bookkeeping): Promise<StepNote[]> {
  return readOrNothing(() =>
    db.query<StepNote>(sql`
      select phase, step, migration, label, status, progress, duration_ms as "durationMs"
      from ${steps}
      order by updated_at, step`),
  )
}

/** The statement that notes a step. */
export function noteStep(
  { steps, now }: Bookkeeping,
  batch: string,
  phase: StepPhase,
  step: Pick<PhaseStep, 'key' | 'migration' | 'label'>,
  { status, progress, durationMs = 0 }: StepChange,
): Sql {
  const progressText = progress === undefined ? null : JSON.stringify(progress)
  return sql`
    insert into ${steps} as noted (batch, phase, step, migration, label, status, progress, duration_ms, updated_at)
    values (
      ${batch}, ${phase}, ${step.key}, ${step.migration}, ${step.label}, ${status}, ${progressText}::jsonb,
      ${Math.round(durationMs)}, ${now}
    )
    on conflict (batch, phase, step) do update set
      status = excluded.status,
      progress = coalesce(excluded.progress, noted.progress),
      duration_ms = noted.duration_ms + excluded.duration_ms,
      updated_at = excluded.updated_at`
}

/** The statement that forgets a step, because it was taken back. */
export function forgetStep({ steps }: Bookkeeping, batch: string, phase: StepPhase, key: string): Sql {
  return sql`delete from ${steps} where batch = ${batch} and phase = ${phase} and step = ${key}`
}

/** The statement that empties the journal. */
export function forgetAllSteps({ steps }: Bookkeeping): Sql {
  return sql`delete from ${steps}`
}
