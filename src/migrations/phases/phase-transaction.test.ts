import { expect, test } from 'vitest'
import type { TableLock } from '../batch/phase-step.ts'
import { inTurn } from './phase-transaction.ts'

const locks = ['a', 'b', 'c'].map((name): TableLock => ({ schema: 'public', name, mode: 'access exclusive' }))
const order = (count: number, tries: number) =>
  inTurn(locks.slice(0, count), tries)
    .map(({ name }) => name)
    .join('')

test('locks are first taken as they are given, and in the other order at the next try', () => {
  expect([order(2, 0), order(2, 1)]).toEqual(['ab', 'ba'])
})

test('in six tries each of three tables is locked before each other one', () => {
  const orders = [0, 1, 2, 3, 4, 5].map((tries) => order(3, tries))
  expect(orders).toEqual(['abc', 'cba', 'bca', 'acb', 'cab', 'bac'])
  expect(order(3, 6)).toBe('abc')
})

test('no locks are no locks at any try', () => {
  expect([order(0, 0), order(0, 3)]).toEqual(['', ''])
})
