import { afterAll, describe, expect, test } from 'vitest'
import { spread } from '../harness/campaign.ts'
import { caseNames, crashCases } from './crash-cases.ts'
import { ordeals, readyOrdeal, type Ordeal, type ReadyOrdeal } from './crash-ordeals.ts'
import { crashSite } from './crash-site.ts'

const takenBack: Ordeal = { title: 'complete, then abort', dies: 'abort', next: 'abort' }

let points = 0
afterAll(() => {
  process.stdout.write(`crash points: ${points}\n`)
})

test('every action has its batch', () => {
  expect(crashCases.map(({ name }) => name).toSorted()).toEqual(caseNames.toSorted())
})

// Outside a campaign those after each step, where the database is another one than before, and one more.
async function momentsOf({ files, from }: ReadyOrdeal, { dies }: Ordeal, turn: number): Promise<readonly number[]> {
  await using site = await crashSite(files, from)
  const { last, afterSteps } = await site.die(dies, 0)
  expect(last).toBeGreaterThan(10)
  const chosen = new Set([...afterSteps, ...spread(last, 1, turn)])
  return [...chosen].filter((moment) => moment <= last).toSorted((a, b) => a - b)
}

// Two at a time, so that this process and the server need not wait for each other.
async function inPairs<T>(list: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const left = list.values()
  const worker = async () => {
    for (const one of left) await work(one)
  }
  await Promise.all([worker(), worker()])
}

describe.each(crashCases.map((each, turn) => ({ ...each, turn })))('a user who dies in $name', (one) => {
  test.each(ordeals)(
    'scenario 68: cut off in $title: the end is that of an undisturbed run [postgres]',
    async (ordeal) => {
      const ready = await readyOrdeal(one, ordeal)
      const turn = one.turn * ordeals.length + ordeals.indexOf(ordeal)
      await inPairs(await momentsOf(ready, ordeal, turn), async (moment) => {
        await using site = await crashSite(ready.files, ready.from)
        await site.die(ordeal.dies, moment)
        await ready.write(site)
        await site.run(ordeal.next)
        points++
        expect({ moment, ...(await site.look()) }).toEqual({ moment, ...ready.expected })
      })
    },
    3_600_000,
  )

  test('scenario 68: cut off in complete, then abort: taken back while the old version is there, and refused from then on [postgres]', async () => {
    const ready = await readyOrdeal(one, takenBack)
    for (const moment of await momentsOf(ready, { ...takenBack, dies: 'complete' }, one.turn)) {
      await using site = await crashSite(ready.files, ready.from)
      await site.die('complete', moment)
      points++
      const state = await site.state()
      if (state !== 'in_progress') {
        expect(state).toBe('completing')
        await expect(site.run('abort')).rejects.toMatchObject({ code: 'batch_not_abortable' })
        break
      }
      await ready.write(site)
      await site.run('abort')
      expect({ moment, ...(await site.look()) }).toEqual({ moment, ...ready.expected })
    }
  }, 3_600_000)
})
