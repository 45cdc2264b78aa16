import { randomUUID } from 'node:crypto'
import { expect } from 'vitest'
import { graphExecutor, gate } from './graphs.ts'
import { protocolScenarios } from './world.ts'

interface Values {
  readonly items?: string[]
  readonly __interrupt__?: unknown
  readonly __error__?: unknown
}

protocolScenarios('runs', [graphExecutor], (it, scenario) => {
  const client = () => it().client
  const newThread = async (): Promise<string> => (await client().threads.create()).thread_id
  const waitFor = async (thread: string | null, graph: string, payload: object = {}): Promise<Values> =>
    (await (thread === null
      ? client().runs.wait(null, graph, payload as never)
      : client().runs.wait(thread, graph, payload as never))) as Values

  scenario(29, 'a run is waited for: its state, its ids, and what the thread is afterwards', async () => {
    const thread = await newThread()
    let made: unknown
    const values = await waitFor(thread, 'echo', { input: { text: 'one' }, onRunCreated: (run: unknown) => (made = run) })
    expect(values).toEqual({ text: 'one', items: ['echo:one'] })
    const [run] = await client().runs.list(thread)
    expect(made).toEqual({ run_id: run?.run_id, thread_id: thread })
    expect(run).toMatchObject({ status: 'success', multitask_strategy: 'enqueue' })
    expect(await client().threads.get(thread)).toMatchObject({ status: 'idle', values, interrupts: {} })
  })
})
void gate
void randomUUID
