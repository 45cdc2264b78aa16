import { join, sql, type Sql } from '../../database/database.ts'
import { invalid } from '../failures.ts'
import { pageOf, type NumberedPage } from '../numbered-page.ts'
import { columnsOf, expired, own, present, type Thread, type ThreadColumn } from './thread.ts'
import type { Run } from '../runs/run.ts'
import type { StoreTransaction } from '../store-transaction.ts'
import { json, type JsonObject, refuseNul, texts, uuids } from '../values.ts'

/** Which threads. */
export interface ThreadFilter {
  /** What the metadata contains. */
  readonly metadata?: JsonObject | undefined
  /** What the values of the newest state contain. */
  readonly values?: JsonObject | undefined
  /** These threads; all when there are none. */
  readonly ids?: readonly string[] | undefined
  readonly status?: string | undefined
}

/** Which threads, what of them, in which order, from which one on. */
export interface ThreadQuery extends ThreadFilter {
  readonly limit: number
  readonly offset: number
  readonly sortBy?: 'thread_id' | 'status' | 'created_at' | 'updated_at' | 'state_updated_at' | undefined
  readonly sortOrder?: 'asc' | 'desc' | undefined
  /** What is read of each; values may be large. */
  readonly columns?: readonly ThreadColumn[] | undefined
  /** Parts of a thread by a name of one's own: `values.items[-1]`. */
  readonly extract?: Readonly<Record<string, string>> | undefined
}

/** What was asked for of a thread. */
export type FoundThread = Partial<Thread> & { readonly extracted?: JsonObject }

/** The threads that a query asks for, and how many there are in all. */
export async function searchThreads(run: Run, query: ThreadQuery): Promise<NumberedPage<FoundThread>> {
  const { sortBy = 'created_at', sortOrder = 'desc', limit, offset, columns, extract } = query
  const direction = sortOrder === 'asc' ? sql`asc` : sql`desc`
  const wanted = columns === undefined || columns.length > 0 ? [columnsOf(columns)] : []
  if (extract !== undefined) wanted.push(sql`${extraction(extract)} as extracted`)
  const byId = sql`threads.thread_id ${direction}`
  const order = sortBy === 'thread_id' ? byId : sql`${columnsOf([sortBy])} ${direction}, ${byId}`
  const page = { columns: join(wanted), order, limit, offset }
  const soon = await fewWithMetadata(run, query, page)
  if (soon !== undefined) return soon
  return run(async (tx) => {
    const { ofPage, ofAll } = await conditionsOf(tx, query)
    const from = sql`threads where ${join([present, ...ofPage], ' and ')}`
    return pageOf<FoundThread>(tx, { ...page, from, total: totalOf(ofAll) })
  })
}

/**
 * What is known by its metadata is mostly a few threads: they are found, ordered and counted in one statement. Undefined where
 * there are many, or none on this page.
 */
async function fewWithMetadata(
  run: Run,
  { metadata = {}, values = {}, ...filter }: ThreadQuery,
  { columns, order, limit, offset }: { columns: Sql; order: Sql; limit: number; offset: number },
): Promise<NumberedPage<FoundThread> | undefined> {
  if (Object.keys(metadata).length === 0) return undefined
  refuseNul({ metadata, values }, '')
  const rows = await run.read<FoundThread & { readonly total_found: number }>(sql`
    with found as materialized (
      select array(select threads_with_metadata(${json(metadata)}) limit ${few + 1}) as ids
    )
    select ${columns}, (count(*) over ())::integer as total_found
    from threads
    where ${join([present, ...otherConditions({ ...filter, values })], ' and ')}
      and threads.thread_id = any((select ids from found)::uuid[]) and (select cardinality(ids) <= ${few} from found)
    order by ${order} limit ${limit} offset ${offset}`)
  const [first] = rows
  if (first === undefined) return undefined
  const { total_found: total } = first
  for (const row of rows) Reflect.deleteProperty(row, 'total_found')
  return { rows, total }
}

/** How many threads there are. */
export async function countThreads(tx: StoreTransaction, filter: ThreadFilter): Promise<number> {
  const { ofAll } = await conditionsOf(tx, filter)
  return (await tx.first<{ total: number }>(totalOf(ofAll)))?.total ?? 0
}

// Those that are there are all but those whose time is over: all are counted in an index, and the others are few.
function totalOf(conditions: readonly Sql[]): Sql {
  const count = (all: readonly Sql[]): Sql => sql`(select count(*)::int from threads where ${join(all, ' and ')})`
  return sql`select ${count([own, ...conditions])} - ${count([own, ...conditions, expired])} as total`
}

/** How many threads may be named one by one. */
const few = 3000

/** The conditions under which threads are met in the order of a search, and those under which all are found. */
interface Conditions {
  readonly ofPage: Sql[]
  readonly ofAll: Sql[]
}

async function conditionsOf(tx: StoreTransaction, filter: ThreadFilter): Promise<Conditions> {
  const { metadata = {}, values = {} } = filter
  refuseNul({ metadata, values }, '')
  const others = otherConditions(filter)
  if (Object.keys(metadata).length === 0) return { ofPage: others, ofAll: others }
  const { ofPage, ofAll } = await withMetadata(tx, metadata)
  return { ofPage: [ofPage, ...others], ofAll: [ofAll, ...others] }
}

function otherConditions({ values = {}, ids = [], status }: ThreadFilter): Sql[] {
  const all: Sql[] = []
  if (Object.keys(values).length > 0) all.push(sql`threads."values" @> ${json(values)}`)
  if (ids.length > 0) all.push(sql`threads.thread_id = any(${uuids(ids)})`)
  if (status !== undefined) all.push(sql`threads.status = ${status}`)
  return all
}

// A few threads are found by the index of the metadata. What many have in common is looked for in the order of the search
// instead, where it is met soon; under row-level security the database does not know which of the two it is.
async function withMetadata(tx: StoreTransaction, metadata: JsonObject): Promise<{ ofPage: Sql; ofAll: Sql }> {
  const wanted = json(metadata)
  const found = await tx.query<{ thread_id: string }>(
    sql`select threads_with_metadata(${wanted}) as thread_id limit ${few + 1}`,
  )
  if (found.length > few) {
    return {
      ofPage: sql`threads.metadata @> ${wanted}`,
      ofAll: sql`threads.thread_id in (select threads_with_metadata(${wanted}))`,
    }
  }
  const these = sql`threads.thread_id = any(${uuids(found.map(({ thread_id }) => thread_id))})`
  return { ofPage: these, ofAll: these }
}

/** What a path to be extracted may begin with. */
const roots: Readonly<Record<string, Sql>> = {
  values: columnsOf(['values']),
  metadata: columnsOf(['metadata']),
  config: columnsOf(['config']),
  interrupts: columnsOf(['interrupts']),
  error: columnsOf(['error']),
}

function extraction(extract: Readonly<Record<string, string>>): Sql {
  const paths = Object.entries(extract)
  if (paths.length > 10) throw invalid('extract', `Ask for at most 10 paths, not ${paths.length}.`)
  refuseNul(extract, 'extract')
  return sql`jsonb_build_object(${join(paths.map(([name, path]) => sql`${name}::text, ${extracted(name, path)}`))})`
}

function extracted(name: string, path: string): Sql {
  const [, rootName = '', rest = ''] = /^(\w+)((?:\.[^.[\]]+|\[-?\d{1,9}\])*)$/.exec(path) ?? []
  const root = Object.hasOwn(roots, rootName) ? roots[rootName] : undefined
  if (root === undefined) {
    throw invalid(`extract.${name}`, 'Write a path such as values.items[-1], metadata.user or interrupts.')
  }
  const steps = [...rest.matchAll(/\.([^.[\]]+)|\[(-?\d+)\]/g)].map(([, key, index]) => key ?? index ?? '')
  return sql`${root} #> ${texts(steps)}`
}
