import { randomUUID } from 'node:crypto'
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadScript } from '../../src/migrations/load-script.ts'
import { graphFileExecutors } from '../../src/server/executors/graph-files.ts'
import { anna, openStoreWorld, storeEngines, type StoreWorld } from '../harness/assistant-store.ts'
import { temporaryDirectory } from '../harness/temporary-directory.ts'
import { execute } from '../protocol/execution.ts'

const root = path.resolve(import.meta.dirname, '../..')

/** A project with these files, and LangGraph.js unless told otherwise. */
function project(files: Readonly<Record<string, string>>, installed = true): string {
  const directory = temporaryDirectory()
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(directory, name)), { recursive: true })
    writeFileSync(path.join(directory, name), text)
  }
  if (installed) symlinkSync(path.join(root, 'node_modules'), path.join(directory, 'node_modules'), 'junction')
  return path.join(directory, 'langgraph.json')
}

const load = (config: string) => graphFileExecutors(config, { load: loadScript })

const agent = `
  import { Annotation, END, START, StateGraph, interrupt } from '@langchain/langgraph'
  import { shout } from './shout.ts'
  const State = Annotation.Root({ text: Annotation<string>, said: Annotation<string> })
  export const builder = new StateGraph(State)
    .addNode('say', ({ text }) => ({ said: shout(text) })).addEdge(START, 'say').addEdge('say', END)
  export const graph = new StateGraph(State)
    .addNode('ask', () => ({ said: interrupt('what?') })).addEdge(START, 'ask').addEdge('ask', END).compile()
  export default (config: { configurable?: { loud?: boolean } }) =>
    new StateGraph(State).addNode('say', ({ text }) => ({ said: config.configurable?.loud ? shout(text) : text }))
      .addEdge(START, 'say').addEdge('say', END).compile()
  export const version = 1
`
const shout = `export const shout = (text: string): string => text.toUpperCase()\n`

describe('graphs of a langgraph.json', () => {
  let world: StoreWorld
  beforeAll(async () => {
    world = await openStoreWorld(await storeEngines[1].freshSchema())
  })
  afterAll(() => world[Symbol.asyncDispose]())

  test('are executed, whether they are compiled, builders, or made by a function for a configuration', async () => {
    const graphs = { builder: './src/agent.ts:builder', asks: { path: './src/agent.ts:graph' }, made: './src/agent.ts' }
    const files = { 'langgraph.json': JSON.stringify({ graphs }), 'src/agent.ts': agent, 'src/shout.ts': shout }
    const [executor, ...others] = await load(project(files))
    expect(others).toEqual([])
    expect(executor?.graphIds).toEqual(['builder', 'asks', 'made'])
    const run = async (graphId: string, what: object) => {
      const store = world.store.tenant(anna)
      const threadId = randomUUID()
      await store.checkpoints.ensureThread(threadId, undefined)
      const at = { store, threadId, graphId }
      await execute(executor ?? expect.fail(), { ...at, input: { text: 'a' }, ...what })
      return { at, state: await executor?.state(at) }
    }
    expect((await run('builder', {})).state?.values).toEqual({ text: 'a', said: 'A' })
    expect((await run('made', { config: { configurable: { loud: true } } })).state?.values).toMatchObject({ said: 'A' })
    expect((await run('made', {})).state?.values).toMatchObject({ said: 'a' })

    const { at, state } = await run('asks', {})
    expect(state).toMatchObject({ next: ['ask'], interrupts: [{ value: 'what?' }] })
    await execute(executor ?? expect.fail(), { ...at, command: { resume: 'this' } })
    expect(await executor?.state(at)).toMatchObject({ values: { said: 'this' }, next: [], interrupts: [] })
    const drawing = await executor?.draw('builder', false)
    expect(drawing?.nodes).toMatchObject([{ id: '__start__' }, { id: 'say' }, { id: '__end__' }])
  })

  test.each([
    ['{', /^The file is no JSON: /],
    ['{}', /^The file names no graphs\.$/],
    ['{"graphs":{"a":5}}', /^The graph "a" names no file\.$/],
    [
      '{"graphs":{"a":"./a.py:graph"}}',
      /^The graph "a" is in \.\/a\.py, and only TypeScript and JavaScript are executed\.$/,
    ],
    ['{"graphs":{"a":"./a.ts:graph"}}', /^There is no such file, or it cannot be read\.$/],
    ['{"graphs":{"a":"./agent.ts:nope"}}', /^The file exports no "nope"; it exports version\.$/],
    ['{"graphs":{"a":"./agent.ts:version"}}', /^The export "version" is no graph, and no function that makes one\.$/],
    ['{"graphs":{"a":"./broken.ts"}}', /^The graph does not compile/],
    ['{"graphs":{"a":"./throws.ts"}}', /^The graph threw while it was loaded: no model$/],
  ])('are refused where they cannot be loaded: %s', async (config, message) => {
    const files = {
      'langgraph.json': config,
      'agent.ts': 'export const version = 1\n',
      'broken.ts': 'export default (\n',
      'throws.ts': 'throw new Error("no model")\n',
    }
    await expect(load(project(files))).rejects.toMatchObject({
      code: 'graph_invalid',
      message: expect.stringMatching(message),
    })
  })

  test('say so when there is no file that names them, and when LangGraph.js is not installed', async () => {
    await expect(load(path.join(temporaryDirectory(), 'langgraph.json'))).rejects.toMatchObject({
      code: 'graph_invalid',
    })
    const files = { 'langgraph.json': '{"graphs":{"a":"./agent.ts"}}', 'agent.ts': 'export default () => {}\n' }
    await expect(load(project(files, false))).rejects.toMatchObject({
      code: 'langgraph_missing',
      message: 'The graph needs @langchain/langgraph, and it is not installed where it is.',
      remedy: 'Install it in your project: npm install @langchain/langgraph @langchain/core.',
    })
  })
})
