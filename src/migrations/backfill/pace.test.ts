import { expect, test } from 'vitest'
import { blocksFor, firstGoal, goesOn, nextGoal, pauseAfter, seen } from './pace.ts'

const options = { batchSize: 1000, batchDelay: 0, throttle: 0 }

test('the first batch is a tenth, and the second a whole one where rows are quick', () => {
  expect(firstGoal(options)).toBe(100)
  expect(nextGoal(100, 2, options)).toBe(1000)
  expect(firstGoal({ ...options, batchSize: 1 })).toBe(1)
})

test('a batch of over 250 ms halves the next, down to one row', () => {
  expect(nextGoal(1000, 251, options)).toBe(500)
  expect(nextGoal(1000, 250, options)).toBe(1000)
  expect(nextGoal(1, 9000, options)).toBe(1)
})

test('fast batches grow back to the size that is asked for, and no further', () => {
  expect(nextGoal(500, 120, options)).toBe(520)
  expect(nextGoal(500, 60, options)).toBe(1000)
  expect(nextGoal(500, 200, options)).toBe(500)
  expect(nextGoal(1000, 0, options)).toBe(1000)
})

test('a batch that found too little goes on looking, unless it has taken half of the time', () => {
  expect(goesOn(0, 1000, 10)).toBe(true)
  expect(goesOn(899, 1000, 10)).toBe(true)
  expect(goesOn(900, 1000, 10)).toBe(false)
  expect(goesOn(0, 1000, 125)).toBe(false)
})

test('blocks are counted by how dense the last ones were', () => {
  expect(blocksFor(100, undefined)).toBe(2)
  expect(blocksFor(1000, seen(undefined, 126, 2))).toBe(16)
  expect(blocksFor(1000, seen(seen(undefined, 60, 1), 20, 1))).toBe(25)
})

test('sparse blocks make no batch many times too large for dense ones that follow', () => {
  let density = seen(undefined, 50, 1)
  for (let block = 0; block < 20; block++) density = seen(density, 0, 100)
  expect(blocksFor(1000, density)).toBe(80)
})

test('a pause is as long as is asked for, or as leaves the share of time free', () => {
  expect(pauseAfter(30, options)).toBe(0)
  expect(pauseAfter(30, { ...options, batchDelay: 50 })).toBe(50)
  expect(pauseAfter(30, { ...options, throttle: 0.75 })).toBe(90)
  expect(pauseAfter(30, { ...options, batchDelay: 50, throttle: 0.75 })).toBe(90)
})
