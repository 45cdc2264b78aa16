import { expect } from 'vitest'
import { sql } from '../../src/database/database.ts'
import { MetastoreItemStore } from '../../src/langgraph/library.ts'
import { sweepItems } from '../../src/store/store.ts'
import { anna } from '../harness/assistant-store.ts'
import { protocolScenarios } from './world.ts'

protocolScenarios('store items', [], (it, scenario) => {
  const store = () => it().client.store
  const graphStore = () => new MetastoreItemStore({ store: it().store, tenant: anna })
  const execute = (statement: ReturnType<typeof sql>) =>
    it()
      .store.tenant(anna)
      .transaction((_, tx) => tx.execute(statement))
  const expire = (key: string) =>
    execute(sql`update store_items set expires_at = now() - interval '1 second' where key = ${key}`)
  const keys = async (prefix: string[], filter: object, options: object = {}) =>
    (await store().searchItems(prefix, { filter: filter as Record<string, unknown>, limit: 100, ...options })).items
      .map(({ key }) => key)
      .toSorted()
  const send = (method: string, path: string, body: unknown) =>
    fetch(`${it().server.url}${path}`, {
      method,
      headers: { 'x-api-key': 'anna', 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const status = (call: Promise<unknown>): Promise<number> =>
    call.then(
      () => 200,
      (error: { status: number }) => error.status,
    )

  scenario(41, 'an item is what was put, and remembers when it was made', async () => {
    await store().putItem(['a', 'b'], 'k', { n: 1 })
    await execute(sql`
      update store_items set created_at = '2026-01-01', updated_at = '2026-01-01' where namespace = '{a,b}'`)
    await store().putItem(['a', 'b'], 'k', { n: 2 })
    const found = await store().getItem(['a', 'b'], 'k')
    expect(found).toMatchObject({
      namespace: ['a', 'b'],
      key: 'k',
      value: { n: 2 },
      createdAt: '2026-01-01T00:00:00.000Z',
    })
    expect(Date.parse(found?.updatedAt ?? '')).toBeGreaterThan(Date.parse('2026-01-02'))
    expect(await store().getItem(['a', 'b'], 'other')).toBeNull()
    await store().deleteItem(['a', 'b'], 'k')
    await store().deleteItem(['a', 'b'], 'k')
    expect(await store().getItem(['a', 'b'], 'k')).toBeNull()
  })

  scenario(41, 'a graph has the same items', async () => {
    const graph = graphStore()
    await graph.put(['a', 'graph'], 'k', { at: new Date(0), text: 'x' })
    expect(await store().getItem(['a', 'graph'], 'k')).toMatchObject({ value: { at: '1970-01-01T00:00:00.000Z' } })
    expect(await graph.get(['a', 'graph'], 'k')).toMatchObject({
      key: 'k',
      value: { text: 'x' },
      createdAt: expect.any(Date) as Date,
    })
    const answers = await graph.batch([
      { namespace: ['a', 'graph'], key: 'k', value: null },
      { namespace: ['a', 'graph'], key: 'k' },
      { namespace: ['a', 'graph'], key: 'k2', value: { n: 2 } },
      { namespacePrefix: ['a', 'graph'], filter: { n: { $gt: 1 } } },
      {
        matchConditions: [
          { matchType: 'prefix', path: ['a'] },
          { matchType: 'suffix', path: ['graph'] },
        ],
        limit: 10,
        offset: 0,
      },
    ])
    expect(answers).toMatchObject([undefined, null, undefined, [{ key: 'k2' }], [['a', 'graph']]])
    const undone = graph.batch([
      { namespace: ['a', 'graph'], key: 'k3', value: {} },
      { namespace: ['langgraph'], key: 'k3', value: {} },
    ])
    await expect(undone).rejects.toMatchObject({
      message: 'namespace[0]: The namespace langgraph is reserved.',
    })
    expect(await graph.get(['a', 'graph'], 'k3')).toBeNull()
  })

  scenario(42, 'a prefix is of whole labels, whatever these are', async () => {
    const odd = ['100%', 'under_score', 'back\\slash', 'star*', '🙂', `quote"'`, 'slash/', 'ä-b']
    const places = [
      ['user', 'x'],
      ['users', 'x'],
      ['tenant', 'acme'],
      ['tenant', 'acme-corp'],
      ...odd.map((label) => ['odd', label]),
    ]
    for (const place of places) await store().putItem(place, 'k', { place: place.join('/') })
    const found = async (prefix: string[]) =>
      (await store().searchItems(prefix, { limit: 100 })).items.map(({ namespace }) => namespace.join('/'))
    expect(await found(['user'])).toEqual(['user/x'])
    expect(await found(['tenant', 'acme'])).toEqual(['tenant/acme'])
    for (const label of odd) {
      expect(await found(['odd', label])).toEqual([`odd/${label}`])
      expect(await store().getItem(['odd', label], 'k')).toMatchObject({ namespace: ['odd', label] })
    }
    expect((await found(['odd'])).toSorted()).toEqual(odd.map((label) => `odd/${label}`).toSorted())
    expect(await found(['o'])).toEqual([])
  })

  scenario(43, 'filters compare like with like', async () => {
    const values = {
      five: { n: 5, color: 'red' },
      text: { n: '5', color: 'blue' },
      two: { n: 2 },
      object: { n: { a: 1, b: 2 } },
      list: { n: [1, 2] },
      nothing: { n: null },
      yes: { n: true },
    }
    for (const [key, value] of Object.entries(values)) await store().putItem(['filters'], key, value)
    const cases: [object, string[]][] = [
      [{ n: { $gt: 3 } }, ['five']],
      [{ n: { $gte: 2, $lt: 5 } }, ['two']],
      [{ n: { $lte: '5' } }, ['text']],
      [{ n: { $gt: 0 } }, ['five', 'two']],
      [{ color: { $ne: 'red' } }, ['list', 'nothing', 'object', 'text', 'two', 'yes']],
      [{ n: { a: 1 } }, ['object']],
      [{ n: 5 }, ['five']],
      [{ n: '5' }, ['text']],
      [{ n: null }, ['nothing']],
      [{ n: [1, 2] }, ['list']],
      [{ n: { $eq: { a: 1, b: 2 } } }, ['object']],
      [{ n: { $in: [5, true] } }, ['five', 'yes']],
      [{ n: { $in: [] } }, []],
      [{ n: { $nin: [5, '5', null] } }, ['list', 'object', 'two', 'yes']],
      [{ color: { $exists: true }, n: 5 }, ['five']],
      [{ color: { $exists: false }, n: { $exists: true } }, ['list', 'nothing', 'object', 'two', 'yes']],
    ]
    for (const [filter, expected] of cases) expect(await keys(['filters'], filter)).toEqual(expected)
    for (const filter of [
      { n: { $gt: null } },
      { n: { $near: 1 } },
      { n: { $in: 1 } },
      { n: { $exists: 1 } },
      { n: '\0' },
    ]) {
      expect(await status(keys(['filters'], filter))).toBe(422)
    }
    const unknown = await send('POST', '/store/items/search', { filter: { n: { $near: 1 } } })
    expect(await unknown.json()).toMatchObject({
      detail: [
        {
          path: 'filter.n.$near',
          message: 'There is no operator $near; there are $eq, $ne, $gt, $gte, $lt, $lte, $in, $nin, $exists.',
        },
      ],
    })
  })

  scenario(44, 'an item whose time is over is nowhere, and a read in time prolongs its life', async () => {
    const place = ['mortal', 'x']
    await store().putItem(place, 'gone', { n: 1 }, { ttl: 0.02 })
    await store().putItem(place, 'there', { n: 1 }, { ttl: 5 })
    await expire('gone')
    expect(await store().getItem(place, 'gone')).toBeNull()
    expect(await keys(['mortal'], {})).toEqual(['there'])
    await store().putItem(['mortal', 'other'], 'lonely', {}, { ttl: 5 })
    await expire('lonely')
    expect(await store().listNamespaces({ prefix: ['mortal'] })).toEqual({ namespaces: [place] })

    const left = async () => {
      const [row] = await it()
        .store.tenant(anna)
        .transaction((_, tx) =>
          tx.query<{ left: number; updated_at: Date }>(sql`
          select extract(epoch from expires_at - now())::double precision as left, updated_at
          from store_items where key = 'there'`),
        )
      return row
    }
    const nearly = () =>
      execute(sql`update store_items set expires_at = now() + interval '1 minute' where key = 'there'`)
    await nearly()
    const before = await left()
    await store().getItem(place, 'there', { refreshTtl: false })
    await keys(['mortal'], {}, { refreshTtl: false })
    expect((await left())?.left).toBeLessThanOrEqual(60)
    await store().getItem(place, 'there', { refreshTtl: true })
    expect((await left())?.left).toBeGreaterThan(120)
    await nearly()
    await keys(['mortal'], {})
    expect(await left()).toMatchObject({ updated_at: before?.updated_at })
    expect((await left())?.left).toBeGreaterThan(120)

    await store().putItem(place, 'gone', { n: 2 })
    expect(await store().getItem(place, 'gone')).toMatchObject({ value: { n: 2 } })
    await expire('there')
    expect(await sweepItems(it().store.admin.transaction)).toBe(2)
    expect(await sweepItems(it().store.admin.transaction)).toBe(0)
    expect(await keys(['mortal'], {})).toEqual(['gone'])
  })

  scenario(45, 'namespaces are listed once each, in order, by their first and last labels', async () => {
    const places = [
      ['spaces', 'u1', 'prefs'],
      ['spaces', 'u1', 'prefs', 'deep'],
      ['spaces', 'u2', 'prefs'],
      ['spaces', 'u2', 'notes'],
      ['spaces', 'u-3', 'x', 'prefs'],
      ['spaces', 'u', 'prefs'],
    ]
    for (const place of places) await store().putItem(place, 'k', {})
    const list = async (options: object) =>
      (await store().listNamespaces(options)).namespaces.map((one) => one.join('/'))
    expect(await list({ prefix: ['spaces', '*'], suffix: ['prefs'], maxDepth: 2 })).toEqual([
      'spaces/u',
      'spaces/u-3',
      'spaces/u1',
      'spaces/u2',
    ])
    expect(await list({ prefix: ['spaces', '*', 'prefs'] })).toEqual([
      'spaces/u/prefs',
      'spaces/u1/prefs',
      'spaces/u1/prefs/deep',
      'spaces/u2/prefs',
    ])
    expect(await list({ prefix: ['spaces'], suffix: ['u2', '*'] })).toEqual(['spaces/u2/notes', 'spaces/u2/prefs'])
    expect(await list({ prefix: ['spaces'], maxDepth: 2, limit: 2, offset: 1 })).toEqual(['spaces/u-3', 'spaces/u1'])
    expect(await list({ prefix: ['space'] })).toEqual([])
    expect(await status(list({ prefix: [''] }))).toBe(422)
    expect(await status(list({ maxDepth: 0 }))).toBe(422)
  })

  scenario(46, 'large, deep and odd values come back as they were', async () => {
    let deep: Record<string, unknown> = { end: 'x\0y\ud800' }
    for (let level = 0; level < 50; level++) deep = { deep }
    const value = {
      long: 'x'.repeat(5_000_000),
      keys: Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`k${n}`, n / 3])),
      deep,
      'odd\0key': ['', null, true, 1e300, -1e-300, '\u{1F642}'],
      find: 'needle\0s',
    }
    await store().putItem(['large'], 'k', value)
    expect((await store().getItem(['large'], 'k'))?.value).toEqual(value)
    expect(await keys(['large'], { keys: { k3: 1 } })).toEqual(['k'])
    const [found] = (await store().searchItems(['large'], { query: 'anything' })).items
    expect(found).toBeUndefined()
    await store().putItem(['large'], 'k', { plain: true })
    expect((await store().getItem(['large'], 'k'))?.value).toEqual({ plain: true })
  })

  scenario(47, 'what cannot be a place is refused, and nothing is stored', async () => {
    const cases: [unknown, string, string][] = [
      [['dot.ted'], 'namespace[0]', 'A label of a namespace has no dot in it.'],
      [['a', ''], 'namespace[1]', 'A label of a namespace is not empty.'],
      [['langgraph', 'x'], 'namespace[0]', 'The namespace langgraph is reserved.'],
      [[], 'namespace', 'A namespace has at least one label.'],
      [['a\0'], 'namespace[0]', 'The character U+0000, or half of a surrogate pair, cannot be stored here.'],
      [['a'.repeat(2500)], 'key', 'The namespace and the key have more than 2400 bytes together.'],
    ]
    for (const [namespace, path, message] of cases) {
      const answer = await send('PUT', '/store/items', { namespace, key: 'refused', value: {} })
      expect([answer.status, await answer.json()]).toMatchObject([422, { detail: [{ path, message }] }])
    }
    for (const body of [
      { namespace: ['a'], key: 'k\0', value: {} },
      { namespace: ['a'], key: 'refused', value: [1] },
    ]) {
      expect((await send('PUT', '/store/items', body)).status).toBe(422)
    }
    expect(await keys([], {}).then((all) => all.includes('refused'))).toBe(false)
    expect(await status(store().getItem([''], 'k'))).toBe(422)
    expect((await send('DELETE', '/store/items', { namespace: ['a.b'], key: 'k' })).status).toBe(422)
    expect((await send('POST', '/store/items/search', { namespace_prefix: [''] })).status).toBe(422)
  })

  scenario(48, 'of fifty who put one item at once, one is the last, and it is whole', async () => {
    const put = (n: number) => store().putItem(['race'], 'k', { n, twice: n * 2 })
    await Promise.all(Array.from({ length: 50 }, (_, n) => put(n)))
    const { items } = await store().searchItems(['race'])
    expect(items).toHaveLength(1)
    const value = items[0]?.value as { n: number; twice: number } | undefined
    expect(value?.twice).toBe((value?.n ?? NaN) * 2)
  })

  scenario(49, 'another tenant’s items are not there', async () => {
    const place = ['secret', 'plan']
    await store().putItem(place, 'k', { mine: true })
    const theirs = it().stranger.store
    expect(await theirs.getItem(place, 'k')).toBeNull()
    expect((await theirs.searchItems(['secret'])).items).toEqual([])
    expect(await theirs.listNamespaces({ prefix: ['secret'] })).toEqual({ namespaces: [] })
    await theirs.deleteItem(place, 'k')
    await theirs.putItem(place, 'k', { mine: false })
    expect(await store().getItem(place, 'k')).toMatchObject({ value: { mine: true } })
  })

  scenario(50, 'words are looked for in the texts of items, and rank them', async () => {
    const put = (key: string, value: Record<string, unknown>, index?: false | string[]) =>
      store().putItem(['words'], key, value, index === undefined ? {} : { index })
    await put('both', { text: 'A red apple and a green apple', n: 1 })
    await put('one', { nested: [{ text: 'A green pear' }] })
    await put('none', { text: 'Nothing of that', apple: 1 })
    await put('hidden', { text: 'apple apple apple' }, false)
    await put('part', { title: 'apple', body: 'pear', list: [{ t: 'plum' }, { t: 'fig' }] }, [
      'title',
      'list[*].t',
      'list[-1].x',
    ])
    const search = async (query: string, options: object = {}) =>
      (await store().searchItems(['words'], { query, ...options })).items
    const found = await search('green apple')
    expect(found.map(({ key }) => key)).toEqual(['both', expect.stringMatching(/^(one|part)$/), expect.any(String)])
    expect(found.every(({ score }) => typeof score === 'number' && score > 0)).toBe(true)
    expect((await search('pear')).map(({ key }) => key)).toEqual(['one'])
    expect((await search('FIG')).map(({ key }) => key)).toEqual(['part'])
    expect((await search('green', { filter: { n: 1 } })).map(({ key }) => key)).toEqual(['both'])
    for (const odd of ['&|!()', "it's & | <-> :*", '"unfinished', '\\', '🙂', 'http://a.b/c?d&e|f']) {
      expect(Array.isArray(await search(odd))).toBe(true)
    }
    expect(await status(search('\0'))).toBe(422)
    expect(await status(put('bad', {}, ['a..b']))).toBe(422)
  })
})
