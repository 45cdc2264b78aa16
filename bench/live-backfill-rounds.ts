import type { QueryResult } from 'pg'
import { firstVersion, startLoad, type Stretch } from './live-messages.ts'
import { base, type LiveTemplates } from './live-phases.ts'
import type { LiveProject } from './live-project.ts'
import type { Server } from './server.ts'

/** What the load felt while rows were brought up to date, and how long that took. */
export interface FeltWork {
  readonly stretch: Stretch
  readonly seconds: number
}

/** Who brings rows up to date. */
export const variants = [
  { key: 'own', name: '`metastore start`' },
  { key: 'hand', name: 'batched update by hand' },
  { key: 'throttled', name: '`metastore start --throttle`' },
] as const

/** One round. */
export type FeltBackfill = Readonly<Record<'alone' | (typeof variants)[number]['key'], FeltWork>>

/** Where a round is run. */
export interface BackfillPlace {
  readonly server: Server
  readonly project: LiveProject
  readonly templates: LiveTemplates
  readonly throttle: string
}

const action = {
  type: 'add_column',
  table: 'messages',
  column: { name: 'tokens', type: 'INTEGER' },
  up: 'ceil(length(content) / 4.0)::int',
}

/** Lets each have its turn on a copy of its own, every other round in the opposite order. */
export async function feelBackfill(place: BackfillPlace, round: number): Promise<FeltBackfill> {
  const { server, project, templates, throttle } = place
  project.write({ '1_base': base(templates.rows), '2_tokens': [action] })
  const work = {
    alone: () => new Promise<void>((resolve) => setTimeout(resolve, 4000)),
    own: (url: string) => project.run(url, 'start'),
    hand: (url: string) => byHand(server, url),
    throttled: (url: string) => project.run(url, 'start', '--throttle', throttle),
  }
  const felt: Partial<Record<keyof FeltBackfill, FeltWork>> = {}
  const order = ['alone', 'own', 'hand', 'throttled'] as const
  for (const key of round % 2 === 0 ? order : order.toReversed()) felt[key] = await feelOne(place, key, work[key])
  return felt as FeltBackfill
}

async function feelOne(
  { server, templates }: BackfillPlace,
  key: keyof FeltBackfill,
  work: (url: string) => Promise<void>,
): Promise<FeltWork> {
  const byHand = key === 'hand'
  const url = await server.freshDatabase(byHand ? templates.plain : templates.managed)
  try {
    const load = await startLoad(url, firstVersion(byHand ? 'public' : 'migration_1_base'), templates.rows)
    try {
      await load.during('warm-up', 1000, () => Promise.resolve())
      const begin = performance.now()
      const stretch = await load.during(key, 0, () => work(url))
      return { stretch, seconds: (performance.now() - begin) / 1000 }
    } finally {
      await load.stop()
    }
  } finally {
    await server.dropDatabase(url)
  }
}

// The loop that people write: one statement for each thousand keys, in the order of the keys.
async function byHand(server: Server, url: string): Promise<void> {
  await server.withClient(url, async (client) => {
    await client.query('alter table messages add column tokens int')
    let after: string | null = '00000000-0000-0000-0000-000000000000'
    while (after !== null) {
      const batch: QueryResult<{ last: string | null }> = await client.query({
        name: 'batch',
        text: `with batch as (select id from messages where id > $1 order by id limit 1000),
          done as (update messages set tokens = ceil(length(content) / 4.0)::int
            from batch where messages.id = batch.id)
          select max(id::text) as last from batch`,
        values: [after],
      })
      after = batch.rows[0]?.last ?? null
    }
  })
}
