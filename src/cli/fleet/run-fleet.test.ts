import { describe, expect, test } from 'vitest'
import { runFleet, type FleetRun } from './run-fleet.ts'

const usual: FleetRun = {
  names: ['a', 'b', 'c', 'd', 'e'],
  canary: ['c'],
  concurrency: 2,
  keepGoing: false,
  canaryOnly: false,
  signal: new AbortController().signal,
}

/** Runs a fleet of which some members fail, and tells what happened in which order. */
async function run(how: Partial<FleetRun>, failing: readonly string[] = []) {
  const log: string[] = []
  const outcomes = await runFleet(
    { ...usual, ...how },
    async (name) => {
      log.push(`${name}…`)
      await Promise.resolve()
      if (failing.includes(name)) throw new Error(`${name} fails`)
      return { name }
    },
    ({ name, state }) => log.push(`${name} ${state}`),
  )
  return { log, states: outcomes.map(({ name, state }) => `${name} ${state}`) }
}

describe('a fleet', () => {
  test('begins with its canary, alone, and goes on with so many at a time', async () => {
    const { log, states } = await run({})
    expect(log.slice(0, 4)).toEqual(['c…', 'c done', 'a…', 'b…'])
    expect(states).toEqual(['a done', 'b done', 'c done', 'd done', 'e done'])
  })

  test('begins nothing after a canary that failed, whoever wants to keep going', async () => {
    for (const keepGoing of [false, true]) {
      const { log, states } = await run({ keepGoing, canary: ['c', 'd'] }, ['c'])
      expect(log).toEqual(['c…', 'c failed'])
      expect(states).toEqual(['a not_begun', 'b not_begun', 'c failed', 'd not_begun', 'e not_begun'])
    }
  })

  test('lets finish what is under way when one fails, and begins nothing more unless told to keep going', async () => {
    expect((await run({}, ['a'])).states).toEqual(['a failed', 'b done', 'c done', 'd not_begun', 'e not_begun'])
    expect((await run({ keepGoing: true }, ['a'])).states).toEqual(['a failed', 'b done', 'c done', 'd done', 'e done'])
  })

  test('can stop after its canary, and stops for an interruption', async () => {
    expect((await run({ canaryOnly: true })).log).toEqual(['c…', 'c done'])
    expect((await run({ signal: AbortSignal.abort() })).log).toEqual([])
  })
})
