import { Annotation, END, START, StateGraph } from '@langchain/langgraph'

// Graphs of the scenarios for metastore serve, which loads them by a langgraph.json. SIGUSR2 lets runs of `slow` go on to their end.

const open = new Promise<void>((resolve) => {
  process.once('SIGUSR2', () => resolve())
})

const State = Annotation.Root({
  text: Annotation<string>,
  items: Annotation<string[]>({ reducer: (all, more) => [...all, ...more], default: () => [] }),
})

/** Appends `echo:TEXT` to `items`. */
export const echo = new StateGraph(State)
  .addNode('echo', ({ text }) => ({ items: [`echo:${text}`] }))
  .addEdge(START, 'echo')
  .addEdge('echo', END)
  .compile()

/** Forgets a promise, which is rejected while the run waits for a timer. */
export const careless = new StateGraph(State)
  .addNode('careless', async () => {
    void Promise.reject(new Error('nobody waits for this'))
    await new Promise(setImmediate)
    return { items: ['done'] }
  })
  .addEdge(START, 'careless')
  .addEdge('careless', END)
  .compile()

/** Appends `one` and `two` in two nodes, of which the first waits for the signal. */
export const slow = new StateGraph(State)
  .addNode('one', async () => {
    await open
    return { items: ['one'] }
  })
  .addNode('two', () => ({ items: ['two'] }))
  .addEdge(START, 'one')
  .addEdge('one', 'two')
  .addEdge('two', END)
  .compile()
