import { expect } from 'vitest'
import { anna } from '../harness/assistant-store.ts'
import { execute, newThread } from './execution.ts'
import { graphExecutor } from './graphs.ts'
import { protocolScenarios } from './world.ts'

protocolScenarios('state', [graphExecutor], (it, scenario) => {
  scenario(28, 'a fork between two nodes runs the second on the patched value', async () => {
    const store = it().store.tenant(anna)
    const threadId = await newThread(store)
    const at = { store, threadId, graphId: 'fork' }
    const told = await execute(graphExecutor, { ...at, input: { text: 'a' } })
    const states = []
    for await (const state of graphExecutor.history({ ...at, limit: 10 })) states.push(state)
    const between = states.find(({ next }) => next[0] === 'second')!
    const patched = await graphExecutor.updateState({
      ...at,
      checkpoint: between.checkpoint!,
      values: { text: 'b' },
      asNode: 'first',
    })
    const first = await graphExecutor.state(at)
    expect(first).toMatchObject({ next: ['second'], values: { text: 'b', items: ['first:a'] } })
    await execute(graphExecutor, { ...at, checkpoint: patched })
    const after = await graphExecutor.state(at)
    expect(after!.values).toEqual({ text: 'b', items: ['first:a', 'second:B'] })
    expect((await graphExecutor.state({ ...at, checkpoint: states[0]!.checkpoint! }))!.values).toEqual({
      text: 'a',
      items: ['first:a', 'second:A'],
    })
  })
})
