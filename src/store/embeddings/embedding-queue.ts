import { join, sql, type Sql } from '../../database/database.ts'
import { embedded, type EmbeddingModel } from './embeddings.ts'
import { hashedTexts, keepsMeanings } from '../items/item-meaning.ts'
import { fieldTexts } from '../items/item-text.ts'
import { hasEmbeddings } from '../knowledge-search.ts'
import type { Run } from '../runs/run.ts'

/** How many texts a model is asked about at a time. */
const batch = 32

/** How many items are looked at in one statement. */
const window = 1000

interface Place {
  readonly tenant_id: string
  readonly namespace_path: string
  readonly key: string
}

/**
 * Asks the model about the texts of all tenants that wait for it: because it failed, was another one, or was not there when they
 * were written. `run` works across tenants. Several processes may do it at once. Returns how many texts it was; it ends when the
 * model fails.
 */
export async function embedWaiting(run: Run, model: EmbeddingModel, signal?: AbortSignal): Promise<number> {
  let total = 0
  for (const embedSome of [embedChunks, embedTexts]) {
    for (let done = batch; done > 0 && signal?.aborted !== true; total += done) done = await embedSome(run, model)
  }
  return total
}

// Those of one try come again at different times, so that a text that the model refuses does not hold up the others for ever.
const later = sql`now() + interval '1 minute' * (1 + 4 * random())`

function waitsFor(model: EmbeddingModel): Sql {
  return sql`
    (embedding_model is null or embedding_model < ${model.name} or embedding_model > ${model.name})
    and (embed_after is null or embed_after <= now())`
}

async function embedChunks(run: Run, model: EmbeddingModel): Promise<number> {
  const claimed = await run(async (tx) =>
    (await hasEmbeddings(tx))
      ? tx.query<{ tenant_id: string; id: string; content: string }>(sql`
          update chunks set embed_after = ${later}
          where (tenant_id, id) in (
            select tenant_id, id from chunks where ${waitsFor(model)} limit ${batch} for update skip locked)
          returning tenant_id, id, content`)
      : [],
  )
  if (claimed.length === 0) return 0
  const contents = claimed.map(({ content }) => content)
  const vectors = await embedded(model, contents, 'keep')
  if (vectors === undefined) return 0
  const rows = claimed.map(
    ({ tenant_id, id }, index) => sql`(${tenant_id}::uuid, ${id}::uuid, ${vectors[index] ?? null}::vector)`,
  )
  await run((tx) =>
    tx.execute(sql`
      update chunks c set embedding = w.embedding, embedding_model = ${model.name}, embed_after = null
      from (values ${join(rows)}) w (tenant_id, id, embedding)
      where c.tenant_id = w.tenant_id and c.id = w.id`),
  )
  return claimed.length
}

async function embedTexts(run: Run, model: EmbeddingModel): Promise<number> {
  const claimed = await run(async (tx) =>
    (await keepsMeanings(tx))
      ? tx.query<Place & { field_path: string; value: unknown; state: string }>(sql`
          with claimed as (
            update store_vectors set embed_after = ${later}
            where (tenant_id, namespace_path, key, field_path) in (
              select tenant_id, namespace_path, key, field_path from store_vectors
              where ${waitsFor(model)} limit ${batch} for update skip locked)
            returning tenant_id, namespace_path, key, field_path)
          select c.*, i.value, md5(i.value::text) as state
          from claimed c join store_items i using (tenant_id, namespace_path, key)`)
      : [],
  )
  const texts = claimed.map((row) => ({ ...row, said: hashedTexts(model, row.value, [row.field_path])[0] }))
  const there = texts.flatMap(({ said, ...row }) => (said === undefined ? [] : [{ ...row, ...said }]))
  const vectors = await embedded(
    model,
    there.map(({ text }) => text),
    'keep',
  )
  const gone = texts.filter(({ said }) => said === undefined)
  const statements = [
    ...gone.map((row) => sql`delete from store_vectors v where ${isText(row)}`),
    // A value that has changed meanwhile waits anew.
    ...(vectors ?? []).flatMap((vector, index) => {
      const row = there[index]
      return row === undefined
        ? []
        : sql`
            update store_vectors v
            set embedding = ${vector}::vector, embedding_model = ${model.name}, source_hash = ${row.hash}::bytea, embed_after = null
            where ${isText(row)} and embedding_model is distinct from ${model.name}`
    }),
  ]
  if (statements.length > 0) await run((tx) => tx.together(statements))
  return vectors === undefined ? 0 : claimed.length
}

function isText(row: Place & { readonly field_path: string; readonly state: string }): Sql {
  const { tenant_id, namespace_path, key } = row
  return sql`
    tenant_id = ${tenant_id} and namespace_path = ${namespace_path} and key = ${key} and field_path = ${row.field_path}
    and exists (
      select from store_items i
      where i.tenant_id = v.tenant_id and i.namespace_path = v.namespace_path and i.key = v.key and md5(i.value::text) = ${row.state})`
}

/**
 * Has the items of all tenants wait for the model that were written when there was none. `run` works across tenants. Returns how
 * many items it was.
 */
export async function queueItems(run: Run, model: EmbeddingModel, signal?: AbortSignal): Promise<number> {
  if (!(await run(keepsMeanings))) return 0
  let total = 0
  let last: Place | undefined
  do {
    const rows: readonly (Place & { value: unknown })[] = await run((tx) => tx.query(itemsAfter(last)))
    const texts = rows.flatMap(({ value, ...place }) =>
      value === null ? [] : fieldTexts(value, model.fields ?? ['$']).map(({ path }) => ({ ...place, path })),
    )
    if (texts.length > 0) await run((tx) => tx.execute(waiting(texts)))
    total += new Set(texts.map(({ tenant_id, namespace_path, key }) => `${tenant_id} ${namespace_path} ${key}`)).size
    last = rows.length < window ? undefined : rows.at(-1)
  } while (last !== undefined && signal?.aborted !== true)
  return total
}

// The value only of an item that waits for nothing and is to be found.
function itemsAfter(last: Place | undefined): Sql {
  const after =
    last && sql`where (tenant_id, namespace_path, key) > (${last.tenant_id}, ${last.namespace_path}, ${last.key})`
  return sql`
    select tenant_id, namespace_path, key, case when search is not null and not exists (
        select from store_vectors v
        where v.tenant_id = i.tenant_id and v.namespace_path = i.namespace_path and v.key = i.key) then value end as value
    from (
      select tenant_id, namespace_path, key, search, value from store_items ${after ?? sql``}
      order by tenant_id, namespace_path, key limit ${window}) i
    order by tenant_id, namespace_path, key`
}

// An item may have gone meanwhile.
function waiting(texts: readonly (Place & { readonly path: string })[]): Sql {
  const rows = texts.map(
    ({ tenant_id, namespace_path, key, path }) =>
      sql`(${tenant_id}::uuid, ${namespace_path}::text, ${key}::text, ${path}::text)`,
  )
  return sql`
    insert into store_vectors (tenant_id, namespace_path, key, field_path)
    select w.* from (values ${join(rows)}) w (tenant_id, namespace_path, key, path)
    where exists (
      select from store_items i
      where i.tenant_id = w.tenant_id and i.namespace_path = w.namespace_path and i.key = w.key for key share)
    on conflict do nothing`
}
