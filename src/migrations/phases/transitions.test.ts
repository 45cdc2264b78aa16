import { expect, test } from 'vitest'
import { moveFor, type PhaseCommand } from './transitions.ts'

const commands: readonly PhaseCommand[] = ['start', 'migrate', 'complete', 'abort']
const phases = [null, 'applying', 'in_progress', 'completing', 'aborting'] as const

function decide(phase: (typeof phases)[number], command: PhaseCommand, meant: boolean, more = {}): string {
  const batch = phase === null ? null : { complete: meant }
  const decision = moveFor({ phase, batch, command, complete: false, waiting: false, ...more })
  return 'move' in decision ? decision.move : decision.refusal
}

function table(meant: boolean, more = {}): Record<string, string> {
  return Object.fromEntries(
    phases.map((phase) => [
      phase ?? 'idle',
      commands.map((command) => decide(phase, command, meant, more)).join(' | '),
    ]),
  )
}

test('a batch that was started to stay in progress is left to start, complete and abort', () => {
  expect(table(false)).toEqual({
    // start | migrate | complete | abort
    idle: 'apply | apply | nothing | nothing',
    applying: 'resume | batch_applying | batch_applying | abort',
    in_progress: 'nothing | batch_in_progress | complete | abort',
    completing: 'batch_completing | batch_completing | complete | batch_not_abortable',
    aborting: 'batch_aborting | batch_aborting | batch_aborting | abort',
  })
})

test('a batch whose run meant to complete it is gone on with by the same command', () => {
  expect(table(true)).toEqual({
    idle: 'apply | apply | nothing | nothing',
    applying: 'resume | resume | batch_applying | abort',
    in_progress: 'complete | complete | complete | abort',
    completing: 'complete | complete | complete | batch_not_abortable',
    aborting: 'batch_aborting | abort | batch_aborting | abort',
  })
})

test('a start that finds something further pending is refused while a batch is in progress', () => {
  expect(decide('in_progress', 'start', false, { waiting: true })).toBe('batch_in_progress')
})

test('start --complete completes what it finds in progress or completing', () => {
  expect(table(false, { complete: true, waiting: true })).toMatchObject({
    applying: 'resume | batch_applying | batch_applying | abort',
    in_progress: 'complete | batch_in_progress | complete | abort',
    completing: 'complete | batch_completing | complete | batch_not_abortable',
    aborting: 'batch_aborting | batch_aborting | batch_aborting | abort',
  })
})
