import { describeMachine, type Machine, type ServerFacts } from './machine.ts'
import { median, pairedRatio } from './statistics.ts'
import { table } from './table.ts'

/** One statement in a transaction of its own: rates a second, round by round. */
export interface StatementFigures {
  readonly name: string
  readonly connections: number
  readonly rounds: readonly { readonly byHand: number; readonly ours: number }[]
}

/** How long a page takes among so many messages: milliseconds, in the middle. */
export interface PageFigures {
  readonly messages: number
  readonly last: number
  readonly middle: number
}

/** The measurements as tables. */
export function storeReport(figures: {
  readonly machine: Machine
  readonly postgres: ServerFacts
  readonly statements: readonly StatementFigures[]
  readonly pages: readonly PageFigures[]
}): string {
  const { machine, postgres, statements, pages } = figures
  const compared = statements.map(({ name, connections, rounds }) => {
    const [hand, ours] = [rounds.map(({ byHand }) => byHand), rounds.map((each) => each.ours)]
    return [
      name,
      String(connections),
      median(hand).toFixed(0),
      median(ours).toFixed(0),
      pairedRatio(ours, hand).toFixed(2),
    ]
  })
  const read = pages.map(({ messages, last, middle }) => [
    messages.toLocaleString('en'),
    last.toFixed(2),
    middle.toFixed(2),
  ])
  return [
    describeMachine(machine, postgres),
    table(['a transaction', 'connections', 'by hand, a second', 'the store, a second', 'ratio of rates'], compared),
    table(['messages', 'last page of 50, p50 ms', 'page in the middle, p50 ms'], read),
  ].join('\n\n')
}
