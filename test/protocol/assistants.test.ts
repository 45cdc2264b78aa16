import { expect } from 'vitest'
import { sql } from '../../src/database/database.ts'
import { anna, bert, ident } from '../harness/assistant-store.ts'
import { notebook } from './notebook.ts'
import { protocolScenarios } from './world.ts'

const unknown = '99999999-9999-4999-8999-999999999999'

protocolScenarios('assistants', [notebook()], (it, scenario) => {
  const create = (payload: object = {}) => it().client.assistants.create({ graphId: 'echo', ...payload })
  const failure = async (call: Promise<unknown>): Promise<{ status: number; text: string }> => {
    const error = (await call.then(
      () => ({}),
      (reason: unknown) => reason,
    )) as { status: number; text: string }
    return { status: error.status, text: error.text }
  }

  scenario(1, 'what an assistant is created with is what it is got with, at version 1', async () => {
    const given = {
      context: { tone: 'dry' },
      config: { configurable: { x: 1 } },
      metadata: { a: [1, { b: null }] },
      name: 'Ünï',
      description: 'says it again',
    }
    const made = await create(given)
    expect(made).toMatchObject({ ...given, graph_id: 'echo', version: 1 })
    expect(await it().client.assistants.get(made.assistant_id)).toEqual(made)
    expect(await create()).toMatchObject({ name: 'Untitled', description: null, config: {}, context: {}, metadata: {} })
  })

  scenario(2, 'an id that is taken is a conflict at once, or the one that is there', async () => {
    const assistantId = '22222222-2222-4222-8222-222222222222'
    const first = await create({ assistantId, name: 'first' })
    const again = await failure(create({ assistantId, name: 'second' }))
    expect(again.status).toBe(409)
    expect(JSON.parse(again.text.replace(/^HTTP 409: /, ''))).toMatchObject({
      error: 'conflict',
      message: `There is an assistant ${assistantId} already.`,
    })
    expect(await create({ assistantId, name: 'second', ifExists: 'do_nothing' })).toEqual(first)
  })

  scenario(3, 'of twenty who create the same one at once, one does', async () => {
    const twenty = (assistantId: string, ifExists: 'raise' | 'do_nothing') =>
      Promise.allSettled(Array.from({ length: 20 }, () => create({ assistantId, ifExists })))
    const raised = await twenty('33333333-3333-4333-8333-333333333333', 'raise')
    expect(raised.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const kept = await twenty('33333333-3333-4333-8333-333333333334', 'do_nothing')
    const [first] = kept
    expect(kept).toEqual(kept.map(() => ({ status: 'fulfilled', value: (first as { value: unknown }).value })))
  })

  scenario(4, 'the name of a graph is the id of its own assistant, for every tenant', async () => {
    const found = await it().client.assistants.get('echo')
    expect(found).toMatchObject({ graph_id: 'echo', name: 'echo', metadata: { created_by: 'system' } })
    // As the JS dev server was observed to have it.
    expect(found.assistant_id).toBe('046b5dc7-2108-582c-9c6c-31d556d138f0')
    expect(await it().stranger.assistants.get('echo')).toEqual(found)
    expect(await it().client.assistants.getSchemas('echo')).toMatchObject({
      graph_id: 'echo',
      input_schema: { type: 'object' },
      config_schema: null,
    })
    const drawn = (xray: boolean | number) => it().client.assistants.getGraph('echo', { xray })
    expect(await drawn(2)).toEqual({ nodes: [{ id: 'echo', type: 'runnable', data: { xray: 2 } }], edges: [] })
    expect((await drawn(true)).nodes).toMatchObject([{ data: { xray: true } }])
    for (const change of [
      () => it().client.assistants.delete('echo'),
      () => it().client.assistants.update('echo', {}),
    ]) {
      await expect(change()).rejects.toMatchObject({ status: 409 })
    }
    await expect(
      it().client.assistants.create({ graphId: 'echo', assistantId: found.assistant_id }),
    ).rejects.toMatchObject({
      status: 409,
    })
  })

  scenario(5, 'a change is a version: metadata is merged, the rest replaced', async () => {
    const { assistant_id: id } = await create({ metadata: { a: 1 }, context: { tone: 'dry' } })
    expect(await it().client.assistants.update(id, { metadata: { b: 1 } })).toMatchObject({
      version: 2,
      metadata: { a: 1, b: 1 },
    })
    expect(await it().client.assistants.update(id, { context: { k: 2 } })).toMatchObject({
      version: 3,
      context: { k: 2 },
    })
    const versions = await it().client.assistants.getVersions(id)
    expect(versions.map(({ version, context }) => ({ version, context }))).toEqual([
      { version: 3, context: { k: 2 } },
      { version: 2, context: { tone: 'dry' } },
      { version: 1, context: { tone: 'dry' } },
    ])
    expect(versions[0]).not.toHaveProperty('updated_at')
    expect(await it().client.assistants.getVersions(id, { metadata: { b: 1 }, limit: 1, offset: 1 })).toMatchObject([
      { version: 2 },
    ])
    expect(await it().client.assistants.update(id, { context: { k: 2 } })).toMatchObject({ version: 4 })
  })

  scenario(6, 'going back to a version brings back all of it, and the next change is the next number', async () => {
    const first = await create({
      context: { n: 1 },
      config: { tags: ['x'] },
      metadata: { m: 1 },
      name: 'one',
      description: 'd',
    })
    const id = first.assistant_id
    const changed = {
      graphId: 'other',
      context: { n: 2 },
      config: {},
      metadata: { m: 2 },
      name: 'two',
      description: 'e',
    }
    await it().client.assistants.update(id, changed)
    await it().client.assistants.update(id, { name: 'three' })
    const { updated_at: _, ...all } = first
    expect(await it().client.assistants.setLatest(id, 1)).toMatchObject(all)
    expect(await it().client.assistants.get(id)).toMatchObject(all)
    expect(await it().client.assistants.update(id, { name: 'four' })).toMatchObject({ version: 4, context: { n: 1 } })
  })

  scenario(7, 'twenty who change it at once lose nothing and leave no number out', async () => {
    const { assistant_id: id } = await create()
    const keys = Array.from({ length: 20 }, (_, index) => `k${index}`)
    const changed = await Promise.all(
      keys.map((key, index) => it().client.assistants.update(id, { metadata: { [key]: index } })),
    )
    expect(changed.map(({ version }) => version).toSorted((a, b) => a - b)).toEqual(keys.map((_, index) => index + 2))
    const { metadata } = await it().client.assistants.get(id)
    expect(metadata).toEqual(Object.fromEntries(keys.map((key, index) => [key, index])))
  })

  scenario(
    8,
    'what is not there, or is somebody else’s, is a 404 with a body of JSON, without another try',
    async () => {
      const { assistants } = it().client
      const own = ident(anna, 'assistant')
      const calls: [() => Promise<unknown>, string][] = [
        [() => assistants.setLatest(own, 99), `There is no version of assistant ${own} 99.`],
        [() => assistants.update(unknown, {}), `There is no assistant ${unknown}.`],
        [() => assistants.get(unknown), `There is no assistant ${unknown}.`],
        [() => assistants.get('nope'), 'There is no assistant nope.'],
        [() => create({ graphId: 'nope' }), 'There is no graph nope.'],
        [() => assistants.update(own, { graphId: 'nope' }), 'There is no graph nope.'],
        ...[
          (id: string) => assistants.get(id),
          (id: string) => assistants.update(id, { name: 'mine' }),
          (id: string) => assistants.delete(id),
          (id: string) => assistants.getVersions(id),
          (id: string) => assistants.setLatest(id, 1),
          (id: string) => assistants.getSchemas(id),
          (id: string) => assistants.getGraph(id),
        ].map((call): [() => Promise<unknown>, string] => {
          const id = ident(bert, 'assistant')
          return [() => call(id), `There is no assistant ${id}.`]
        }),
      ]
      for (const [call, message] of calls) {
        const { status, text } = await failure(call())
        expect({ status, body: JSON.parse(text.replace(/^HTTP \d+: /, '')) as unknown }).toMatchObject({
          status: 404,
          body: { error: 'not_found', message, detail: message },
        })
      }
      expect(await it().stranger.assistants.get(ident(bert, 'assistant'))).toMatchObject({
        name: 'Untitled',
        version: 1,
      })
      const mine = await it().stranger.assistants.search({ limit: 1000 })
      expect(mine.map(({ assistant_id }) => assistant_id)).not.toContain(own)
    },
  )

  scenario(9, 'searches by what metadata contains and by a part of the name', async () => {
    await create({ name: 'Rate 50% OFF', metadata: { nine: true, nest: { b: [1, 2] } } })
    await create({ name: 'Rate 500', metadata: { nine: true } })
    const names = async (query: object) =>
      (await it().client.assistants.search({ sortBy: 'name', sortOrder: 'asc', ...query })).map(({ name }) => name)
    expect(await names({ metadata: { nest: { b: [2] } } })).toEqual(['Rate 50% OFF'])
    expect(await names({ metadata: { nest: { b: [3] } } })).toEqual([])
    expect(await names({ name: '50%' })).toEqual(['Rate 50% OFF'])
    expect(await names({ name: 'rate 5' })).toEqual(['Rate 50% OFF', 'Rate 500'])
    expect(await names({ name: 'r_te' })).toEqual([])
    expect(await names({ graphId: 'other', metadata: { nine: true } })).toEqual([])
    expect(await it().client.assistants.search({ name: '50%', select: ['name'] })).toEqual([{ name: 'Rate 50% OFF' }])
    await expect(it().client.assistants.search({ select: ['prompt' as 'name'] })).rejects.toMatchObject({ status: 422 })
  })

  scenario(10, 'pages are whole, and say where the next one begins', async () => {
    const metadata = { ten: true }
    await Promise.all(
      Array.from({ length: 25 }, (_, n) => create({ metadata, name: `n${String(n).padStart(2, '0')}` })),
    )
    const pages = []
    for (const offset of [0, 10, 20]) {
      pages.push(
        await it().client.assistants.search({
          metadata,
          offset,
          limit: 10,
          sortBy: 'name',
          sortOrder: 'asc',
          includePagination: true,
        }),
      )
    }
    expect(pages.map(({ next }) => next)).toEqual(['10', '20', null])
    const names = pages.flatMap(({ assistants }) => assistants.map(({ name }) => name))
    expect(names).toEqual(Array.from({ length: 25 }, (_, n) => `n${String(n).padStart(2, '0')}`))
    expect(await it().client.assistants.count({ metadata })).toBe(25)
  })

  scenario(11, 'an assistant goes with its runs, and on demand with its threads', async () => {
    const { assistant_id: id } = await create()
    const { thread_id: its } = await it().client.threads.create({ metadata: { assistant_id: id } })
    const { thread_id: other } = await it().client.threads.create()
    const store = it().store.tenant(anna)
    await store.transaction((_, tx) =>
      tx.execute(sql`
        insert into runs (tenant_id, thread_id, assistant_id, status)
        select tenant_id, thread_id, ${id}, 'pending' from threads where thread_id in (${its}, ${other})`),
    )
    await store.transaction((_, tx) => tx.execute(sql`update threads set status = 'busy' where thread_id = ${other}`))
    await it().client.assistants.delete(id, { deleteThreads: true })
    await expect(it().client.assistants.get(id)).rejects.toMatchObject({ status: 404 })
    await expect(it().client.assistants.delete(id)).rejects.toMatchObject({ status: 404 })
    await expect(it().client.threads.get(its)).rejects.toMatchObject({ status: 404 })
    expect(await it().client.threads.get(other)).toMatchObject({ status: 'idle' })
    const runs = await store.transaction((_, tx) => tx.query(sql`select from runs where assistant_id = ${id}`))
    expect(runs).toEqual([])
  })

  scenario(11, 'without that, its threads stay', async () => {
    const { assistant_id: id } = await create()
    const { thread_id } = await it().client.threads.create({ metadata: { assistant_id: id } })
    await it().client.assistants.delete(id)
    expect(await it().client.threads.get(thread_id)).toMatchObject({ metadata: { assistant_id: id } })
    // Also when tools, widgets, crons and runs refer to it.
    await it().client.assistants.delete(ident(anna, 'assistant'))
    expect(await it().client.threads.get(ident(anna, 'thread'))).toMatchObject({ status: 'idle' })
  })

  scenario(8, 'what the database cannot hold is refused by name', async () => {
    const refused = async (payload: object) => {
      const { status, text } = await failure(create(payload))
      expect(status).toBe(422)
      return (JSON.parse(text.replace(/^HTTP \d+: /, '')) as { detail: { path: string; message: string }[] }).detail
    }
    const message = 'The character U+0000, or half of a surrogate pair, cannot be stored here.'
    expect(await refused({ metadata: { a: ['x\0'] } })).toEqual([{ path: 'metadata.a[0]', message }])
    expect(await refused({ context: { '\ud800': 1 } })).toEqual([{ path: 'context', message }])
    expect(await refused({ name: 'x\0' })).toEqual([{ path: 'name', message }])
    expect(await refused({ name: 'x'.repeat(513) })).toMatchObject([{ path: 'name' }])
    await expect(it().client.assistants.search({ metadata: { a: '\0' } })).rejects.toMatchObject({ status: 422 })
  })
})
