import { describeMachine, type Machine, type ServerFacts } from './machine.ts'
import type { Load } from './protocol-load.ts'
import { table } from './table.ts'

/** One measurement of each server. */
export interface CaseFigures {
  readonly name: string
  readonly ours: Load
  /** Undefined where it is not installed. */
  readonly peer: Load | undefined
}

/** The measurements as tables. */
export function protocolReport(figures: {
  readonly machine: Machine
  readonly postgres: ServerFacts
  readonly cases: readonly CaseFigures[]
}): string {
  const { machine, postgres, cases } = figures
  const absent = cases.some(({ peer }) => peer === undefined) ? ['The development server was not installed.'] : []
  const rows = cases.map(({ name, ours, peer }) => [
    name,
    ours.rate.toFixed(0),
    ours.p50.toFixed(1),
    peer?.rate.toFixed(0) ?? '–',
    peer?.p50.toFixed(1) ?? '–',
    peer === undefined ? '–' : (ours.rate / peer.rate).toFixed(2),
  ])
  const header = ['', 'ours, a second', 'p50 ms', 'in memory, a second', 'p50 ms', 'ratio of rates']
  return [describeMachine(machine, postgres), ...absent, table(header, rows)].join('\n\n')
}
