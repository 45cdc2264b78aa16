import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  anna,
  bert,
  ident,
  openStoreWorld,
  storeEngines,
  type StoreWorld,
} from '../../../test/harness/assistant-store.ts'
import { explaining } from '../../../test/harness/explained-statements.ts'
import { type WordsModel, wordsModel } from '../../../test/harness/words-model.ts'
import { sql } from '../../database/database.ts'
import {
  embedded as embeddedTexts,
  embedWaiting,
  openStore,
  queueItems,
  type Store,
  sweepItems,
  type TenantStore,
} from '../store.ts'

const [native, embedded] = storeEngines

const text = (said: string) => ({ text: said })

describe('with pgvector, what is remembered and known is found by its meaning', () => {
  let world: StoreWorld
  let store: Store
  let tenant: TenantStore
  let model: WordsModel
  let searchPath: readonly string[]

  beforeAll(async () => {
    const copy = await embedded.freshSchema()
    searchPath = [copy.version, 'public']
    world = await openStoreWorld(copy)
    await world.store.admin.transaction((tx) => tx.execute(sql`delete from store_items`))
    model = wordsModel()
    store = openStore(world.database, { searchPath, embeddings: model })
    tenant = store.tenant(anna)
  })
  afterAll(async () => {
    await store.close()
    await world[Symbol.asyncDispose]()
  })

  const put = (namespace: string, key: string, value: Record<string, unknown>, index?: false | string[]) =>
    tenant.items.put({ namespace: [namespace], key, value: value as never, index })
  const search = async (namespace: string, query: string, options: object = {}, of: TenantStore = tenant) =>
    (await of.items.search({ prefix: [namespace], query, limit: 10, offset: 0, ...options })).map(({ key }) => key)
  const vectors = (namespace: string) =>
    store.admin.transaction((tx) =>
      tx.query<{ key: string; path: string; model: string | null }>(sql`
        select key, field_path as path, embedding_model as model from store_vectors
        where namespace_path = ${`${namespace}.`} order by key, field_path`),
    )
  const askedBy = async (work: () => Promise<unknown>): Promise<number> => {
    const before = model.asked.length
    await work()
    return model.asked.length - before
  }

  test('the nearest in meaning comes first, with its score, also without one of the words', async () => {
    await put('pets', 'kitten', text('a small kitten'))
    await put('pets', 'car', text('a small vehicle'))
    const found = await tenant.items.search({ prefix: ['pets'], query: 'cat', limit: 10, offset: 0 })
    expect(found.map(({ key }) => key)).toEqual(['kitten', 'car'])
    // Three words and the name of the field; of one of them the query has all.
    expect(found[0]?.score).toBeCloseTo(1 / 2)
    expect(found[1]?.score).toBeCloseTo(0)
    expect(found[0]).toMatchObject({ namespace: ['pets'], value: { text: 'a small kitten' } })
  })

  test('the best text of an item counts, and each of its paths is kept by itself', async () => {
    const parts = [text('one boat'), text('two planes'), { other: 1 }, text(' ')]
    await put('parts', 'many', { parts, title: 'trains' }, ['parts[*].text', 'title', 'parts[-2].other', 'nothing'])
    await put('parts', 'none', text('boat'), false)
    expect((await vectors('parts')).map(({ path }) => path)).toEqual([
      'parts[0].text',
      'parts[1].text',
      'parts[2].other',
      'title',
    ])
    const [best] = await tenant.items.search({ prefix: ['parts'], query: 'planes two', limit: 10, offset: 0 })
    expect(best).toMatchObject({ key: 'many', score: expect.closeTo(1) as number })
    expect(await search('parts', 'boat')).toEqual(['many'])
  })

  test('pages, filters and namespaces hold, and what has expired is not there', async () => {
    for (let n = 0; n < 25; n++) await put('pages', `k${n}`, { n, text: 'word '.repeat(n + 1) + 'other' })
    const all = await search('pages', 'word', { limit: 25 })
    expect(new Set(all).size).toBe(25)
    const pages = await Promise.all([0, 10, 20, 30].map((offset) => search('pages', 'word', { offset })))
    expect(pages.flat()).toEqual(all)
    expect(pages.map(({ length }) => length)).toEqual([10, 10, 5, 0])
    expect(await search('pages', 'word', { filter: { n: { $lt: 3 } } })).toEqual(['k2', 'k1', 'k0'])
    expect(await search('page', 'word')).toEqual([])
    await world.store.admin.transaction((tx) =>
      tx.execute(sql`update store_items set expires_at = now() where key = 'k2' and namespace_path = 'pages.'`),
    )
    expect(await search('pages', 'word', { filter: { n: { $lt: 3 } } })).toEqual(['k1', 'k0'])
  })

  test('the model is asked for a text once, and never again while it stays the same', async () => {
    const value = { a: 'apple', b: 'pear', c: { z: 1, y: 2 } }
    expect(await askedBy(() => put('once', 'k', value, ['a', 'b', 'c']))).toBe(3)
    expect(await askedBy(() => put('once', 'k', { ...value, d: 1 }, ['a', 'b', 'c']))).toBe(0)
    expect(await askedBy(() => put('once', 'k', { ...value, b: 'plum' }, ['a', 'b']))).toBe(1)
    expect(await vectors('once')).toEqual([
      { key: 'k', path: 'a', model: 'words' },
      { key: 'k', path: 'b', model: 'words' },
    ])
    expect(await search('once', 'plum')).toEqual(['k'])
    expect(await search('once', 'pear')).toEqual(['k'])
  })

  test('what was removed, is hidden now, or has expired has no meaning any more', async () => {
    await put('gone', 'a', text('whale'))
    await put('gone', 'b', text('whale'))
    await tenant.items.remove(['gone'], 'a')
    await put('gone', 'b', text('whale'), false)
    expect(await vectors('gone')).toEqual([])
    await put('gone', 'c', text('whale'))
    await store.admin.transaction((tx) =>
      tx.execute(sql`update store_items set expires_at = now() where namespace_path = 'gone.' and key = 'c'`),
    )
    expect(await search('gone', 'whale')).toEqual([])
    expect((await vectors('gone')).map(({ key }) => key)).toEqual(['c'])
    expect(await sweepItems(store.admin.transaction)).toBeGreaterThan(0)
    expect(await vectors('gone')).toEqual([])
  })

  test('another tenant finds nothing of it, and has its own', async () => {
    await put('secret', 'k', text('the plan of the launch'))
    const other = store.tenant(bert)
    expect(await search('secret', 'launch', {}, other)).toEqual([])
    await other.items.put({ namespace: ['secret'], key: 'own', value: text('a launch of others') })
    expect(await search('secret', 'launch', {}, other)).toEqual(['own'])
    expect(await search('secret', 'launch')).toEqual(['k'])
    const seen = await other.transaction((_, tx) => tx.query(sql`select key from store_vectors`))
    expect(seen).toEqual([{ key: 'own' }])
  })

  test('an item that somebody without the model changes is found by its words until the model was asked again', async () => {
    const plain = openStore(world.database, { searchPath })
    await put('changed', 'k', text('a violin'))
    await plain.tenant(anna).items.put({ namespace: ['changed'], key: 'k', value: text('a trumpet') })
    expect(await vectors('changed')).toEqual([{ key: 'k', path: '$', model: null }])
    expect(await search('changed', 'violin')).toEqual([])
    expect(await search('changed', 'trumpet')).toEqual(['k'])
    expect(await embedWaiting(store.admin.transaction, model)).toBeGreaterThan(0)
    expect(await vectors('changed')).toEqual([{ key: 'k', path: '$', model: 'words' }])
    expect(await search('changed', 'brass trumpet')).toEqual(['k'])
    // The text is the same as what the queue has asked for.
    expect(await askedBy(() => put('changed', 'k', text('a trumpet')))).toBe(0)
    await plain.close()
  })

  test('what was written without a model, or by another, is brought up to date', async () => {
    const plain = openStore(world.database, { searchPath })
    const of = plain.tenant(anna)
    await of.items.put({ namespace: ['old'], key: 'k', value: text('an old oak') })
    await of.items.put({ namespace: ['old'], key: 'hidden', value: text('an old oak'), index: false })
    await of.knowledge.put({ reference: 'trees', title: 'Trees', chunks: [{ content: 'Oaks grow old' }] })
    const newer = wordsModel({ name: 'newer', fields: ['text'] })
    const run = store.admin.transaction
    expect(await queueItems(run, newer)).toBe(1)
    expect(await queueItems(run, newer)).toBe(0)
    await embedWaiting(run, newer)
    expect(await vectors('old')).toEqual([{ key: 'k', path: 'text', model: 'newer' }])
    expect((await vectors('pets')).map((row) => row.model)).toEqual(['newer', 'newer'])
    expect(await embedWaiting(run, newer)).toBe(0)
    const chunks = await run((tx) => tx.query(sql`select distinct embedding_model as model from chunks`))
    expect(chunks).toEqual([{ model: 'newer' }])
    // Numbers of another model are never compared.
    expect(await search('pets', 'cat')).toEqual([])
    await embedWaiting(run, model)
    expect(await search('pets', 'cat')).toEqual(['kitten', 'car'])
    await plain.close()
  })

  test('a model that fails is told of, and nothing is lost: what it was not asked waits', async () => {
    const told: string[] = []
    const broken = wordsModel({ onFailure: (error) => void told.push(error.message) })
    broken.broken = true
    const patient = openStore(world.database, { searchPath, embeddings: broken })
    const of = patient.tenant(anna)
    await of.items.put({ namespace: ['broken'], key: 'k', value: text('a lonely lighthouse') })
    await of.knowledge.put({ reference: 'sea', title: 'Sea', chunks: [{ content: 'A lighthouse is lonely' }] })
    expect(await vectors('broken')).toEqual([{ key: 'k', path: '$', model: null }])
    expect(await search('broken', 'lighthouse', {}, of)).toEqual(['k'])
    expect(await of.knowledge.search('lighthouse', 5)).toMatchObject([{ title: 'Sea' }])
    expect(told).toEqual(Array(4).fill('The model sleeps.'))
    expect(await embedWaiting(store.admin.transaction, broken)).toBe(0)
    broken.broken = false
    // It is asked again after a while.
    await store.admin.transaction((tx) =>
      tx.together([sql`update chunks set embed_after = null`, sql`update store_vectors set embed_after = null`]),
    )
    expect(await embedWaiting(store.admin.transaction, broken)).toBe(2)
    expect(await vectors('broken')).toEqual([{ key: 'k', path: '$', model: 'words' }])
    await patient.close()
  })

  test('a failure of the model is the caller’s where nobody else is told, and nothing is written then', async () => {
    model.broken = true
    await expect(put('refused', 'k', text('x'))).rejects.toThrow('The model sleeps.')
    await expect(search('refused', 'x')).rejects.toThrow('The model sleeps.')
    model.broken = false
    expect(await tenant.items.get(['refused'], 'k')).toBeUndefined()
    await expect(put('refused', 'k', text('x'), ['a..b'])).rejects.toMatchObject({ code: 'request_invalid' })
  })

  test.each([
    [1537, 'The embedding model words gives 1537 numbers for a text, and the database keeps 1536 at most.'],
    [0, 'The embedding model words gives something else than numbers.'],
  ])('a model of %i dimensions is refused', async (dimensions, message) => {
    const other = { ...wordsModel(), embed: () => Promise.resolve([Array<number>(dimensions).fill(1)]) }
    await using wrong = openStore(world.database, { searchPath, embeddings: other })
    const work = wrong.tenant(anna).items.put({ namespace: ['n'], key: 'k', value: text('x') })
    await expect(work).rejects.toMatchObject({ code: 'embedding_invalid', message })
  })

  test('a model of fewer dimensions ranks as it does by itself', async () => {
    await using small = openStore(world.database, {
      searchPath,
      embeddings: wordsModel({ name: 'small', dimensions: 384 }),
    })
    const of = small.tenant(anna)
    await of.items.put({ namespace: ['small'], key: 'k', value: text('green tea'), index: ['text'] })
    const [found] = await of.items.search({ prefix: ['small'], query: 'green', limit: 1, offset: 0 })
    expect(found).toMatchObject({ key: 'k', score: expect.closeTo(Math.SQRT1_2) as number })
  })

  test('in a transaction nobody waits for the model: what is written there is asked for later', async () => {
    const before = model.asked.length
    await tenant.transaction(async (same) => {
      await same.items.put({ namespace: ['later'], key: 'k', value: text('a comet') })
      const found = await same.items.search({ prefix: ['later'], query: 'comet', limit: 1, offset: 0 })
      expect(found).toMatchObject([{ key: 'k' }])
    })
    expect(model.asked.length).toBe(before)
    expect(await vectors('later')).toEqual([{ key: 'k', path: '$', model: null }])
  })

  test('documents are found by the meaning of a question, and asked for again only when they or the model change', async () => {
    const document = {
      reference: 'animals',
      title: 'Animals',
      chunks: [{ content: 'A kitten sleeps all day' }, { content: 'A vehicle needs fuel' }],
    }
    const keep = () => tenant.knowledge.put(document)
    expect(await askedBy(keep)).toBe(2)
    expect(await askedBy(keep)).toBe(0)
    const found = await tenant.knowledge.search('nothing', 2, 'Does my cat sleep all day?')
    expect(found[0]).toMatchObject({ title: 'Animals', position: 1 })
    expect(found[0]?.score).toBeGreaterThan(found[1]?.score ?? 1)
    const strangers = await store.tenant(bert).knowledge.search('kitten', 5)
    expect(strangers.map(({ reference }) => reference)).not.toContain('animals')
    const newer = wordsModel({ name: 'newer' })
    await using other = openStore(world.database, { searchPath, embeddings: newer })
    expect((await other.tenant(anna).knowledge.put(document)).changed).toBe(true)
    expect(newer.asked).toEqual(document.chunks.map(({ content }) => content))
    await tenant.knowledge.remove(found[0]?.document_id ?? '')
  })
})

describe('among very many texts', () => {
  let world: StoreWorld
  let store: Store
  let take: ReturnType<typeof explaining>['take']
  const model = wordsModel()

  beforeAll(async () => {
    const copy = await embedded.freshSchema()
    world = await openStoreWorld(copy)
    await using session = await world.database.session()
    // Filling an index row by row takes longer than building it, and so do texts that all differ.
    await session.script('drop index store_vectors_embedding; drop index chunks_embedding')
    for (const [tenant, many] of [
      [bert, 2000],
      [anna, 20],
    ] as const) {
      await session.script(`
        create temp table made as
          select 'k' || n as key, embedding
          from generate_series(1, ${many} / 10) kind, generate_series(kind * 10 - 9, kind * 10) n, lateral (
            select array_agg(case when i = kind then 1 else sin(i::float8 * kind) / 10 end)::real[]::vector as embedding
            from generate_series(1, 1536) i) vectors;
        insert into store_items (tenant_id, namespace, key, value)
          select '${tenant}', array['many', 'u' || right(key, 1)], key, '{}' from made;
        insert into store_vectors (tenant_id, namespace_path, key, field_path, source_hash, embedding_model, embedding)
          select '${tenant}', 'many.u' || right(key, 1) || '.', key, '$', '', 'words', embedding from made;
        insert into chunks (tenant_id, document_id, position, content, embedding_model, embedding)
          select '${tenant}', '${ident(tenant, 'document')}', row_number() over () + 1, key, 'words', embedding from made;
        drop table made`)
    }
    await session.script(`
      create index store_vectors_embedding on store_vectors using hnsw (embedding vector_cosine_ops);
      create index chunks_embedding on chunks using hnsw (embedding vector_cosine_ops)`)
    await session.script('vacuum analyze')
    const explained = explaining(world.database)
    take = explained.take
    store = openStore(explained.database, { searchPath: [copy.version, 'public'], embeddings: model })
  })
  afterAll(async () => {
    await store.close()
    await world[Symbol.asyncDispose]()
  })

  const plans = () => take().filter(({ text }) => text.includes('<=>'))
  const query = { prefix: [], query: 'a few words', limit: 5, offset: 0 }

  test('those of a tenant that has most of them are found by the index', async () => {
    take()
    expect(await store.tenant(bert).items.search(query)).toHaveLength(5)
    expect(plans()).toMatchObject([
      { indexes: expect.arrayContaining(['store_vectors_embedding']) as string[], scanned: [] },
    ])
    expect(await store.tenant(bert).knowledge.search('x', 5, 'a few words')).toHaveLength(5)
    // There are two documents.
    expect(plans()).toMatchObject([
      { indexes: expect.arrayContaining(['chunks_embedding']) as string[], scanned: ['documents'] },
    ])
  })

  test('those of a tenant that has few of them are found by its key, and one by one', async () => {
    expect(await store.tenant(anna).items.search({ ...query, limit: 30 })).toHaveLength(20)
    expect(plans().map(({ indexes }) => indexes.includes('store_vectors_embedding'))).toEqual([false, false])
    const near = await store.tenant(bert).items.search({ ...query, prefix: ['many', 'u3'] })
    expect(near.map(({ namespace }) => namespace[1])).toEqual(Array(5).fill('u3'))
    expect(plans().flatMap(({ scanned }) => scanned)).toEqual([])
  })

  test('what waits for the model is found by an index, among all that does not', async () => {
    take()
    await embedWaiting(store.admin.transaction, model)
    const statements = take()
    expect(statements.flatMap(({ indexes }) => indexes)).toEqual(
      expect.arrayContaining(['chunks_embedding_model', 'store_vectors_model']),
    )
    expect(statements.flatMap(({ scanned }) => scanned)).toEqual([])
  })

  test('the index passes those of others over until there are enough', async () => {
    const [vector = ''] = (await embeddedTexts(model, ['a few words'], 'search')) ?? []
    const meaning = { model: 'words', vector }
    const found = await store.tenant(anna).transaction(async (same, tx) => {
      await tx.script('set local enable_sort = off; set local enable_hashjoin = off')
      return same.items.search({ ...query, meaning })
    })
    expect(found).toHaveLength(5)
    expect(plans()).toMatchObject([{ indexes: expect.arrayContaining(['store_vectors_embedding']) as string[] }])
  })
})

test('without pgvector the model is never asked, and words find what they find', async () => {
  const copy = await native.freshSchema()
  await using world = await openStoreWorld(copy)
  const model = wordsModel()
  await using store = openStore(world.database, { searchPath: [copy.version, 'public'], embeddings: model })
  const { items, knowledge } = store.tenant(anna)
  await items.put({ namespace: ['n'], key: 'k', value: text('a small kitten') })
  await knowledge.put({ reference: 'cats', title: 'Cats', chunks: [{ content: 'A kitten sleeps' }] })
  const find = (query: string) => items.search({ prefix: ['n'], query, limit: 5, offset: 0 })
  expect(await find('kitten')).toMatchObject([{ key: 'k', score: expect.any(Number) as number }])
  expect(await find('cat')).toEqual([])
  expect(await knowledge.search('kitten', 5, 'What of my cat?')).toMatchObject([{ title: 'Cats' }])
  expect(await embedWaiting(store.admin.transaction, model)).toBe(0)
  expect(await queueItems(store.admin.transaction, model)).toBe(0)
  expect(model.asked).toEqual([])
})
