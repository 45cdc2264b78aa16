import { afterAll, describe, expect, test } from 'vitest'
import { campaign, spread } from '../harness/campaign.ts'
import { metastore, startMetastore } from '../harness/child.ts'
import { crashCases } from './crash-cases.ts'
import { ordeals, readyOrdeal, type ReadyOrdeal } from './crash-ordeals.ts'
import { crashSite, type CrashSite, type Phase } from './crash-site.ts'

let points = 0
afterAll(() => {
  process.stdout.write(`crash points: ${points}\n`)
})

const few = ['alter_column', 'custom', 'a mixed batch', 'chained tables']

function words(phase: Phase, { directory }: ReadyOrdeal, { url }: CrashSite): string[] {
  const backfills = phase === 'start' ? ['--batch-size', '10'] : []
  return [phase, '--url', url, '--dirs', directory.directory, ...backfills]
}

// What the command says when it begins, and of the steps that it has done, in order.
async function stepsOf(ready: ReadyOrdeal, phase: Phase): Promise<readonly string[]> {
  await using site = await crashSite(ready.files, ready.from)
  const { status, stdout, stderr } = await metastore(words(phase, ready, site))
  expect({ status, stderr: phase === 'start' ? '' : stderr }).toEqual({ status: 0, stderr: '' })
  const [begins = '', ...said] = stdout.split('\n')
  expect(begins).toMatch(/ing on /)
  // The address is that of each attempt's own database.
  return [begins.replace(/ on .*/, ' on '), ...said.filter((line) => line.startsWith('  done '))]
}

describe.each(crashCases.filter(({ name }) => campaign || few.includes(name)))('a process killed in $name', (one) => {
  test.each(ordeals)(
    'scenario 68: killed in $title: the end is that of an undisturbed run [postgres]',
    async (ordeal) => {
      const ready = await readyOrdeal(one, ordeal)
      const steps = await stepsOf(ready, ordeal.dies)
      for (const place of spread(steps.length, 2, ordeals.indexOf(ordeal))) {
        await using site = await crashSite(ready.files, ready.from)
        const child = startMetastore(words(ordeal.dies, ready, site))
        const step = steps[place - 1] ?? ''
        await child.says(step)
        child.process.kill('SIGKILL')
        // One that ended before it was killed is no crash.
        if ((await child.ended).signal === 'SIGKILL') points++
        await ready.write(site)
        // The server may be at work yet on what the process had asked for last.
        const again = await metastore([...words(ordeal.next, ready, site), '--lock-wait', '1m'])
        expect({ step, status: again.status }).toEqual({ step, status: 0 })
        expect({ step, ...(await site.look()) }).toEqual({ step, ...ready.expected })
      }
    },
    3_600_000,
  )
})
