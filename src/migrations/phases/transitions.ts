import type { ErrorCode } from '../../errors.ts'
import type { BatchPhase, StoredBatch } from '../stored-batch.ts'

/** What somebody asks for; `migrate` is a start that always completes, and leaves what a start left in progress alone. */
export type PhaseCommand = 'start' | 'migrate' | 'complete' | 'abort'

/** Where a database stands when somebody asks. */
export interface Standing {
  readonly phase: BatchPhase | null
  readonly batch: Pick<StoredBatch, 'complete'> | null
  readonly command: PhaseCommand
  /** Whether a start is to complete what it finds in progress. */
  readonly complete: boolean
  /** Whether something is pending that the batch does not hold. */
  readonly waiting: boolean
}

/** What is done first: start what is pending, go on with the batch, or nothing. */
export type Move = 'apply' | 'resume' | 'complete' | 'abort' | 'nothing'

/** The codes of what the state does not allow. */
export type Refusal = Extract<
  ErrorCode,
  'batch_applying' | 'batch_in_progress' | 'batch_completing' | 'batch_aborting' | 'batch_not_abortable'
>

type Decision = { readonly move: Move } | { readonly refusal: Refusal }

const toComplete: Readonly<Record<BatchPhase, Decision>> = {
  applying: { refusal: 'batch_applying' },
  in_progress: { move: 'complete' },
  completing: { move: 'complete' },
  aborting: { refusal: 'batch_aborting' },
}

const toAbort: Readonly<Record<BatchPhase, Decision>> = {
  applying: { move: 'abort' },
  in_progress: { move: 'abort' },
  completing: { refusal: 'batch_not_abortable' },
  aborting: { move: 'abort' },
}

/** What a command may do in a state. Pure. */
export function moveFor(standing: Standing): Decision {
  const { phase, command } = standing
  switch (command) {
    case 'complete':
      return phase === null ? { move: 'nothing' } : toComplete[phase]
    case 'abort':
      return phase === null ? { move: 'nothing' } : toAbort[phase]
    case 'start':
    case 'migrate':
      return phase === null ? { move: 'apply' } : toApply(phase, standing)
  }
}

function toApply(phase: BatchPhase, { command, batch, complete, waiting }: Standing): Decision {
  const starts = command === 'start'
  // Who began it meant to complete it, so that running the same command again goes on whatever it was doing.
  const ours = batch?.complete === true
  const completes = ours || (starts && complete)
  switch (phase) {
    case 'applying':
      return starts || ours ? { move: 'resume' } : { refusal: 'batch_applying' }
    case 'in_progress':
      if (completes) return { move: 'complete' }
      return starts && !waiting ? { move: 'nothing' } : { refusal: 'batch_in_progress' }
    case 'completing':
      return completes ? { move: 'complete' } : { refusal: 'batch_completing' }
    case 'aborting':
      return ours && !starts ? { move: 'abort' } : { refusal: 'batch_aborting' }
  }
}
