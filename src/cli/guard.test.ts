import { expect, test } from 'vitest'
import type { Session } from '../database/database.ts'
import type { DatabaseSettings } from '../project/project.ts'
import { holdsOf } from './guard.ts'

const session = {} as Session
const nothing = { arguments: [], options: {} }

/** What holds a backfill at a moment, with these settings and options. */
function heldAt(moment: string, settings: Partial<DatabaseSettings>, options = {}): Promise<(string | null)[]> {
  const all = { name: 'main', maintenanceWindow: null, afterWindow: 'finish', maxLag: null, ...settings }
  const holds = holdsOf(all as DatabaseSettings, { ...nothing, options }, () => new Date(moment))
  return Promise.all(holds.map((hold) => hold(session)))
}

test('with after_window = "pause" a backfill is held when the window closes, until it opens', async () => {
  const settings = { maintenanceWindow: 'Sat 01:00-05:00 Europe/Paris', afterWindow: 'pause' } as const
  expect(await heldAt('2026-01-03T03:59:59Z', settings)).toEqual([null])
  expect(await heldAt('2026-01-03T04:00:00Z', settings)).toEqual([
    'the maintenance window is closed until 2026-01-10 00:00 UTC.',
  ])
})

test('a backfill goes on to its end unless somebody has said that it pauses', async () => {
  const maintenanceWindow = 'Sat 01:00-05:00'
  expect(await heldAt('2026-01-05T00:00:00Z', { maintenanceWindow })).toEqual([])
  expect(
    await heldAt('2026-01-05T00:00:00Z', { maintenanceWindow, afterWindow: 'pause' }, { outsideWindow: ['main'] }),
  ).toEqual([])
})
