import { randomUUID } from 'node:crypto'
import { Annotation, BaseCheckpointSaver, Command, END, interrupt, START, StateGraph } from '@langchain/langgraph'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Database, openDatabase, sql } from '../../src/database/database.ts'
import { saverClass } from '../../src/langgraph/langgraph.ts'
import { adoptPostgresSaver, MetastoreSaver } from '../../src/langgraph/library.ts'
import { anna, bert, openStoreWorld, storeEngines, type StoreWorld } from '../harness/assistant-store.ts'

const State = Annotation.Root({
  text: Annotation<string>,
  items: Annotation<string[]>({ reducer: (all, more) => [...all, ...more], default: () => [] }),
})

const Saver = saverClass({ BaseCheckpointSaver })

function graphWith(checkpointer: BaseCheckpointSaver) {
  return new StateGraph(State)
    .addNode('first', ({ text }) => ({ items: [`first:${text}`] }))
    .addNode('second', ({ text }) => ({ items: [`second:${text}`] }))
    .addEdge(START, 'first')
    .addEdge('first', 'second')
    .addEdge('second', END)
    .compile({ checkpointer })
}

async function all<T>(list: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const each of list) found.push(each)
  return found
}

describe.each(storeEngines)('a checkpointer for a program of its own on $name', ({ freshSchema }) => {
  let world: StoreWorld
  let saver: MetastoreSaver

  beforeAll(async () => {
    world = await openStoreWorld(await freshSchema())
    saver = new MetastoreSaver({ store: world.store })
  })
  afterAll(async () => {
    await saver.close()
    await world[Symbol.asyncDispose]()
  })

  test('keeps threads of any name, and both branches of a fork (scenario 28)', async () => {
    const graph = graphWith(saver)
    const config = { configurable: { thread_id: 'conversation 42' } }
    await graph.invoke({ text: 'a' }, config)
    const history = await all(graph.getStateHistory(config))
    expect(history[0]?.config.configurable?.['thread_id']).toBe('conversation 42')
    const between = history.find(({ next }) => next[0] === 'second')
    const fork = await graph.updateState(between?.config ?? {}, { text: 'b' }, 'first')
    expect(await graph.invoke(null, fork)).toEqual({ text: 'b', items: ['first:a', 'second:b'] })
    expect((await graph.getState(history[0]?.config ?? {})).values).toEqual({
      text: 'a',
      items: ['first:a', 'second:a'],
    })
    const listed = await all(saver.list({}, { limit: 1 }))
    expect(listed.map(({ config: at }) => at.configurable?.['thread_id'])).toEqual(['conversation 42'])
  })

  test('goes on after a question (scenario 35)', async () => {
    const graph = new StateGraph(State)
      .addNode('ask', () => ({ items: [String(interrupt('go?'))] }))
      .addEdge(START, 'ask')
      .addEdge('ask', END)
      .compile({ checkpointer: saver })
    const config = { configurable: { thread_id: randomUUID() } }
    await graph.invoke({ text: 'q' }, config)
    expect((await graph.getState(config)).tasks[0]?.interrupts).toMatchObject([{ value: 'go?' }])
    expect(await graph.invoke(new Command({ resume: 'yes' }), config)).toEqual({ text: 'q', items: ['yes'] })
  })

  test('keeps U+0000 in values, and refuses it where the database cannot keep it', async () => {
    const config = { configurable: { thread_id: randomUUID() } }
    const graph = graphWith(saver)
    expect(await graph.invoke({ text: 'a\0b' }, config)).toMatchObject({ items: ['first:a\0b', 'second:a\0b'] })
    expect((await graph.getState(config)).values).toMatchObject({ text: 'a\0b' })
    const { checkpoint, metadata } = (await saver.getTuple(config)) ?? expect.fail('no checkpoint')
    await expect(saver.put(config, checkpoint, { ...metadata, note: '\0' } as never, {})).rejects.toMatchObject({
      code: 'request_invalid',
      message: 'metadata.note: The character U+0000, or half of a surrogate pair, cannot be stored here.',
    })
  })

  test('refuses a value that would be lost in writing, instead of leaving a thread that nobody can read', async () => {
    const config = { configurable: { thread_id: randomUUID() } }
    await graphWith(saver).invoke({ text: 'a' }, config)
    const { checkpoint, metadata = expect.fail('no metadata') } = (await saver.getTuple(config)) ?? expect.fail('none')
    const lost = {
      code: 'request_invalid',
      message:
        'text: This value of the state cannot be stored: a function, a symbol, a bigint, or more levels than can be written. Put into the state what JSON can say.',
    }
    for (const value of [() => 1, Symbol('x'), 12n, { nested: 12n }]) {
      const next = { ...checkpoint, channel_values: { text: value } }
      const versions = { text: saver.getNextVersion(undefined) }
      await expect(saver.put(config, next, metadata, versions)).rejects.toMatchObject(lost)
      const at = { configurable: { ...config.configurable, checkpoint_id: checkpoint.id } }
      await expect(saver.putWrites(at, [['text', value]], randomUUID())).rejects.toMatchObject(lost)
    }
    expect((await graphWith(saver).getState(config)).values).toMatchObject({ text: 'a' })
  })

  test('copies a thread, prunes it, and forgets what a thread or a run has written', async () => {
    const graph = graphWith(saver)
    const config = { configurable: { thread_id: 'original' } }
    const copy = { configurable: { thread_id: 'copy' } }
    await graph.invoke({ text: 'a' }, config)
    await saver.copyThread('original', 'copy')
    const ids = async (of: object) => (await all(saver.list(of))).map(({ checkpoint }) => checkpoint.id)
    expect(await ids(copy)).toEqual(await ids(config))
    await saver.prune(['original'], 'keep_latest')
    expect(await ids(config)).toEqual((await ids(copy)).slice(0, 1))
    expect((await graph.getState(config)).values).toEqual({ text: 'a', items: ['first:a', 'second:a'] })
    await graph.invoke({ text: 'b' }, config)
    await saver.deleteThread('original')
    expect(await ids(config)).toEqual([])
    expect(await ids(copy)).toHaveLength(4)

    const before = await graph.getState(copy)
    const runId = randomUUID()
    const domain = await world.store.admin.transaction((tx) =>
      tx.query<{ id: string }>(sql`select id from tenants where domain = 'default'`),
    )
    const tenant = world.store.tenant(domain[0]?.id ?? '')
    const ofRun = new Saver({ store: () => Promise.resolve(tenant), makesThreads: true, runId })
    await graphWith(ofRun).invoke({ text: 'c' }, copy)
    expect(await ids(copy)).toHaveLength(8)
    await saver.deleteForRuns([runId])
    expect(await graph.getState(copy)).toEqual(before)
  })

  test('has the checkpoints of one tenant, which has to be there', async () => {
    const config = { configurable: { thread_id: randomUUID() } }
    await using ofAnna = new MetastoreSaver({ store: world.store, tenant: anna })
    await using ofBert = new MetastoreSaver({ store: world.store, tenant: bert })
    await graphWith(ofAnna).invoke({ text: 'a' }, config)
    expect(await ofAnna.getTuple(config)).toBeDefined()
    expect(await ofBert.getTuple(config)).toBeUndefined()
    await using ofNobody = new MetastoreSaver({ store: world.store, tenant: 'nobody' })
    await expect(ofNobody.getTuple(config)).rejects.toMatchObject({
      code: 'not_found',
      message: 'There is no tenant nobody.',
    })
  })

  describe('takes over the tables of a PostgresSaver', () => {
    let source: Database

    beforeAll(async () => {
      source = await openDatabase('pglite:memory')
    })
    afterAll(() => source.close())

    test('with integer versions, as often as it is asked', async () => {
      await using session = await source.session()
      await session.script(tablesOfPostgresSaver)
      const adopt = () => adoptPostgresSaver({ from: source, schema: 'old', to: { store: world.store } })
      expect(await adopt()).toEqual({ threads: 1, checkpoints: 2 })
      expect(await adopt()).toEqual({ threads: 1, checkpoints: 2 })

      const graph = graphWith(saver)
      const config = { configurable: { thread_id: 'taken over' } }
      expect(await graph.getState(config)).toMatchObject({
        values: { text: 'x', items: ['first:x'] },
        next: ['second'],
      })
      expect(await graph.invoke(null, config)).toEqual({ text: 'x', items: ['first:x', 'second:x'] })
      expect(await graph.invoke({ text: 'y' }, config)).toMatchObject({
        items: ['first:x', 'second:x', 'first:y', 'second:y'],
      })
    })

    test('and says when there are none, or none that can be read', async () => {
      const to = { store: world.store }
      await expect(adoptPostgresSaver({ from: source, schema: 'none', to })).rejects.toMatchObject({
        code: 'adoption_source_missing',
        message: `The schema none of ${source.address} has no tables of a PostgresSaver.`,
      })
      await using session = await source.session()
      await session.script(`update old.checkpoint_blobs set type = 'msgpack'`)
      await expect(adoptPostgresSaver({ from: source, schema: 'old', to })).rejects.toMatchObject({
        code: 'conflict',
        message: 'The thread taken over has values of the type msgpack, which LangGraph.js cannot read.',
      })
    })
  })
})

test('a checkpointer opens a database by its URL, and says what it lacks', async () => {
  const config = { configurable: { thread_id: 'a' } }
  await using empty = new MetastoreSaver({ url: 'pglite:memory' })
  await expect(empty.getTuple(config)).rejects.toMatchObject({
    code: 'schema_mismatch',
    message: 'pglite:memory has no assistant schema that this role may use.',
  })
  expect(() => new MetastoreSaver({})).toThrow('A checkpointer needs one of url, database and store.')
})

// As PostgresSaver of LangGraph.js makes them, with a thread that has come to its second node: versions are integers.
const tablesOfPostgresSaver = `
  create schema old;
  create table old.checkpoints (
    thread_id text not null, checkpoint_ns text not null default '', checkpoint_id text not null,
    parent_checkpoint_id text, type text, checkpoint jsonb not null, metadata jsonb not null default '{}',
    primary key (thread_id, checkpoint_ns, checkpoint_id));
  create table old.checkpoint_blobs (
    thread_id text not null, checkpoint_ns text not null default '', channel text not null, version text not null,
    type text not null, blob bytea, primary key (thread_id, checkpoint_ns, channel, version));
  create table old.checkpoint_writes (
    thread_id text not null, checkpoint_ns text not null default '', checkpoint_id text not null, task_id text not null,
    idx integer not null, channel text not null, type text, blob bytea not null,
    primary key (thread_id, checkpoint_ns, checkpoint_id, task_id, idx));
  insert into old.checkpoints (thread_id, checkpoint_id, parent_checkpoint_id, checkpoint, metadata) values
    ('taken over', '1ef00000-0000-6000-8000-000000000001', null,
      '{"v": 4, "id": "1ef00000-0000-6000-8000-000000000001", "ts": "2026-01-01T00:00:00.000Z", "channel_values": {},
        "channel_versions": {"__start__": 2, "text": 2, "branch:to:first": 2},
        "versions_seen": {"__input__": {}, "__start__": {"__start__": 1}}}',
      '{"source": "loop", "step": 0, "parents": {}}'),
    ('taken over', '1ef00000-0000-6001-8001-000000000002', '1ef00000-0000-6000-8000-000000000001',
      '{"v": 4, "id": "1ef00000-0000-6001-8001-000000000002", "ts": "2026-01-01T00:00:01.000Z", "channel_values": {},
        "channel_versions": {"__start__": 2, "text": 2, "items": 3, "branch:to:first": 3, "branch:to:second": 3},
        "versions_seen": {"__input__": {}, "__start__": {"__start__": 1}, "first": {"branch:to:first": 2}}}',
      '{"source": "loop", "step": 1, "parents": {}}');
  insert into old.checkpoint_blobs (thread_id, channel, version, type, blob) values
    ('taken over', '__start__', '2', 'empty', null),
    ('taken over', 'text', '2', 'json', '"x"'),
    ('taken over', 'branch:to:first', '2', 'json', 'null'),
    ('taken over', 'branch:to:first', '3', 'empty', null),
    ('taken over', 'items', '3', 'json', '["first:x"]'),
    ('taken over', 'branch:to:second', '3', 'json', 'null');
`
