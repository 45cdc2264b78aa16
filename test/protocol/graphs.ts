import {
  Annotation,
  Command,
  END,
  interrupt,
  START,
  StateGraph,
  BaseCheckpointSaver,
  BaseStore,
} from '@langchain/langgraph'
import type { GraphSource } from '../../src/server/executors/graph.ts'
import { langGraphExecutor } from '../../src/server/executors/langgraph.ts'
import type { Executor } from '../../src/server/executors/executor.ts'

// The graphs of the acceptance scenarios (section 15 of the protocol).

const State = Annotation.Root({
  text: Annotation<string>,
  items: Annotation<string[]>({ reducer: (all, more) => [...all, ...more], default: () => [] }),
})

/** Appends `echo:TEXT` to `items`. */
const echo = new StateGraph(State)
  .addNode('echo', ({ text }) => ({ items: [`echo:${text}`] }))
  .addEdge(START, 'echo')
  .addEdge('echo', END)
  .compile()

/** Asks once, and appends the answer. */
const hitl = new StateGraph(State)
  .addNode('ask', () => ({ items: [`answer:${String(interrupt({ question: 'go?' }))}`] }))
  .addEdge(START, 'ask')
  .addEdge('ask', END)
  .compile()

/** Throws. */
const boom = new StateGraph(State)
  .addNode('boom', () => {
    throw new TypeError('kaput')
  })
  .addEdge(START, 'boom')
  .addEdge('boom', END)
  .compile()

/** `first` takes the text over, `second` shouts what it finds: for forks between the two. */
const fork = new StateGraph(State)
  .addNode('first', ({ text }) => ({ items: [`first:${text}`] }))
  .addNode('second', ({ text }) => ({ items: [`second:${text.toUpperCase()}`] }))
  .addEdge(START, 'first')
  .addEdge('first', 'second')
  .addEdge('second', END)
  .compile()

/** What holds the nodes of a slow run, by the text of its input. */
export interface Gate {
  /** Resolves when the run has come to the node `one`. */
  readonly reached: Promise<void>
  /** Resolves when the run has come to the node `two`. */
  readonly halfway: Promise<void>
  /** Lets the run go on from `one` to `two`. */
  openOne(): void
  /** Lets the run go on to its end. */
  open(): void
}

interface GateWithin extends Gate {
  reach(): void
  reachHalf(): void
  readonly opened: { readonly one: Promise<void>; readonly two: Promise<void> }
}

const gates = new Map<string, GateWithin>()
let allAreOpen = false

/** The gate that a run of the graph `slow` with this text waits at; texts of tests are different. */
export function gate(text: string): Gate {
  return gateWithin(text)
}

/** Lets all runs go on to their end, those that come to a gate later too. */
export function openAllGates(): void {
  allAreOpen = true
  for (const each of gates.values()) each.open()
}

function gateWithin(text: string): GateWithin {
  const found = gates.get(text)
  if (found !== undefined) return found
  const [reached, reach] = event()
  const [halfway, reachHalf] = event()
  const [one, openOne] = event()
  const [two, openTwo] = event()
  const made: GateWithin = {
    reached,
    halfway,
    openOne,
    open() {
      openOne()
      openTwo()
    },
    reach,
    reachHalf,
    opened: { one, two },
  }
  gates.set(text, made)
  if (allAreOpen) made.open()
  return made
}

function event(): [Promise<void>, () => void] {
  let resolve: () => void = () => {}
  const happened = new Promise<void>((set) => (resolve = set))
  return [happened, resolve]
}

/** Appends `one` and `two` in two nodes, each of which waits for the gate of its text; a cancelled run waits no longer. */
const slow = new StateGraph(State)
  .addNode('one', async ({ text }, { signal }) => {
    const { reach, opened } = gateWithin(text)
    reach()
    await unlessAborted(opened.one, signal)
    return { items: ['one'] }
  })
  .addNode('two', async ({ text }, { signal }) => {
    const { reachHalf, opened } = gateWithin(text)
    reachHalf()
    await unlessAborted(opened.two, signal)
    return { items: ['two'] }
  })
  .addEdge(START, 'one')
  .addEdge('one', 'two')
  .addEdge('two', END)
  .compile()

async function unlessAborted(opened: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) return opened
  const aborted = new Promise<never>((_, reject) => {
    if (signal.aborted) reject(signal.reason as Error)
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
  await Promise.race([opened, aborted])
}

/** Asks once, and then waits for the gate of its text before it appends the answer. */
const careful = new StateGraph(State)
  .addNode('ask', async ({ text }, { signal }) => {
    const answer = String(interrupt({ question: 'go?' }))
    const { reach, opened } = gateWithin(text)
    reach()
    await unlessAborted(opened.one, signal)
    return { items: [`answer:${answer}`] }
  })
  .addEdge(START, 'ask')
  .addEdge('ask', END)
  .compile()

/** Waits for the gate of its text, cancelled or not, and is halfway when it has. */
const deaf = new StateGraph(State)
  .addNode('deaf', async ({ text }) => {
    const { reach, opened, reachHalf } = gateWithin(text)
    reach()
    await opened.one
    reachHalf()
    return { items: ['heard nothing'] }
  })
  .addEdge(START, 'deaf')
  .addEdge('deaf', END)
  .compile()

const graphs = { echo, hitl, slow, boom, fork, careful, deaf } as unknown as Readonly<Record<string, GraphSource>>

/** Executes the graphs echo, hitl, slow, boom, fork, careful and deaf. */
export const graphExecutor: Executor = langGraphExecutor({
  library: { BaseCheckpointSaver, BaseStore, Command },
  graphs,
})
