import { fc } from '../harness/properties.ts'
import { expect } from 'vitest'
import { campaign } from '../harness/campaign.ts'
import { randomBatch, type RandomBatch } from './random-batch.ts'
import { quoted, type Choose } from './random-tables.ts'
import { apart, randomWrite, type Side } from './random-writes.ts'
import { actions, scenario, world, type Row, type World } from './world.ts'

/** Numbers that decide everything in a case, one after the other; zero when they are used up, which is the plainest choice. */
function choices(numbers: readonly number[]): Choose {
  let next = 0
  return (count) => (numbers[next++] ?? 0) % count
}

interface Case {
  readonly batch: RandomBatch
  readonly choose: Choose
  readonly said: string[]
}

const first = 'migration_1_base'
const second = 'migration_2_batch'

/** The database as it is before the batch: with rows, and with the files of the batch. */
async function begin(it: World, { batch, choose, said }: Case, writes: number): Promise<void> {
  await it.base(`
    drop schema if exists ${first}, ${second}, metastore, metastore_sync, public cascade; create schema public`)
  it.files.write('1_base.json', actions({ type: 'custom', complete: batch.schema }))
  it.files.write('2_batch.json', actions(...batch.actions))
  await it.start({ complete: true, to: { kind: 'name', name: '1_base' } })
  for (let number = 0; number < writes; number += 1) await write(it, { batch, choose, said }, number, ['old'])
}

async function write(it: World, { batch, choose, said }: Case, number: number, sides: readonly Side[]): Promise<void> {
  const statement = randomWrite(batch.tables, sides, number, choose)
  if (statement === undefined) return
  said.push(`${statement.side}: ${statement.text}`)
  await (statement.side === 'old' ? it.asOld(statement.text) : it.asNew(statement.text))
}

async function expectTogether(it: World, { batch }: Case): Promise<void> {
  for (const table of batch.tables) {
    const query = apart(table, [first, second])
    if (query !== undefined) expect(await it.base(query)).toEqual([])
  }
}

/** All rows of the tables of one version, in the schema. */
async function contents(it: World, { batch }: Case, side: Side, schema: string): Promise<Record<string, Row[]>> {
  const names = batch.tables.flatMap(({ oldName, newName }) => (side === 'old' ? oldName : newName) ?? [])
  const rows = async (name: string) =>
    it.base(`select to_jsonb(t) as row from ${quoted(schema)}.${quoted(name)} as t order by to_jsonb(t)::text`)
  return Object.fromEntries(await Promise.all(names.map(async (name) => [name, await rows(name)] as const)))
}

async function throughAbort(it: World, one: Case, writes: number): Promise<void> {
  await begin(it, one, 12)
  const [before, rows] = [await it.catalog(), await contents(it, one, 'old', 'public')]
  await it.start()
  expect(await contents(it, one, 'old', first)).toEqual(rows)
  await expectTogether(it, one)
  for (let number = 100; number < 100 + writes; number += 1) {
    await write(it, one, number, ['old', 'new'])
    await expectTogether(it, one)
  }
  const left = await contents(it, one, 'old', first)
  one.said.push('abort')
  await it.abort()
  expect(await contents(it, one, 'old', 'public')).toEqual(left)
  expect(await it.catalog()).toEqual(before)
  await it.expectClean()
  await write(it, one, 300, ['old'])
}

async function throughComplete(it: World, one: Case, writes: number): Promise<void> {
  one.said.push('start again')
  await it.start()
  for (let number = 400; number < 400 + writes; number += 1) {
    await write(it, one, number, ['old', 'new'])
    await expectTogether(it, one)
  }
  const left = await contents(it, one, 'new', second)
  one.said.push('complete')
  await it.complete()
  expect(await contents(it, one, 'new', second)).toEqual(left)
  expect(await contents(it, one, 'new', 'public')).toEqual(left)
  await it.expectClean()
  for (let number = 600; number < 603; number += 1) await write(it, one, number, ['new'])
}

/** The catalog that completing ends with where nobody writes. */
async function straight(it: World, one: Case): Promise<unknown> {
  await begin(it, one, 0)
  await it.start({ complete: true })
  return it.catalog()
}

const cases = campaign ? 400 : 20

scenario(
  70,
  'random batches and random writes: both versions stay together, through abort and complete',
  async (engine) => {
    const it = await world(engine)
    const numbers = fc.array(fc.nat({ max: 5039 }), { minLength: 150, maxLength: 300, size: 'max' })
    await fc.assert(
      fc.asyncProperty(numbers, async (list) => {
        const choose = choices(list)
        const one: Case = { batch: randomBatch(choose), choose, said: [] }
        try {
          await throughAbort(it, one, 8)
          await throughComplete(it, one, 8)
          const ended = await it.catalog()
          expect(ended).toEqual(await straight(it, one))
        } catch (error) {
          const { schema, actions: done } = one.batch
          const text = [schema, ...done.map((action) => JSON.stringify(action)), ...one.said].join('\n')
          throw new Error(`${error instanceof Error ? error.message : String(error)}\n${text}`, { cause: error })
        }
      }),
      // The seed is told with a failure. It is the same one each time, but in a campaign.
      { numRuns: cases, endOnFailure: !campaign, ...(campaign ? {} : { seed: 70 }) },
    )
  },
)
