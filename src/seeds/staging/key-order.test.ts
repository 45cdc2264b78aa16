import { expect, test } from 'vitest'
import type { Column } from '../../catalog/catalog.ts'
import { isOrderedAlike, keyOrder } from './key-order.ts'

function ascends(
  type: string,
  values: readonly (string | null)[],
  collation: string | null = null,
): boolean | undefined {
  const watch = keyOrder({ name: 'key', type, collation } as unknown as Column)
  return watch && values.map(watch).at(-1)
}

test('keys that ascend stand once each', () => {
  expect(ascends('bigint', ['0', '9', '10', '9223372036854775807'])).toBe(true)
  expect(ascends('text', ['a', 'a ', 'b'])).toBe(true)
  const uuid = '00000000-0000-4000-8000-00000000000'
  expect(ascends('uuid', [`${uuid}1`, `${uuid}a`])).toBe(true)
})

test('a key that stands twice, in whatever spelling, does not ascend', () => {
  expect(ascends('integer', ['1', '1'])).toBe(false)
  expect(ascends('integer', ['1', '+1'])).toBe(false)
  expect(ascends('integer', ['1', '01'])).toBe(false)
  expect(ascends('integer', ['2', '10', '3', '11'])).toBe(false)
  expect(ascends('uuid', ['a0000000-0000-4000-8000-000000000000', 'A0000000-0000-4000-8000-000000000000'])).toBe(false)
  expect(ascends('text', ['a', null])).toBe(false)
})

test('of types whose texts do not tell, nothing is said', () => {
  expect(ascends('character varying(1)', ['a', 'a '])).toBe(undefined)
  expect(ascends('citext', ['A', 'a'])).toBe(undefined)
  expect(ascends('text', ['A', 'a'], 'case_insensitive')).toBe(undefined)
  expect(ascends('numeric', ['1', '1.0'])).toBe(undefined)
})

test('only numbers and UUIDs ascend as the database sorts them', () => {
  const alike = (type: string) => isOrderedAlike({ name: 'key', type, collation: null } as unknown as Column)
  expect(['bigint', 'uuid', 'text', 'numeric'].filter(alike)).toEqual(['bigint', 'uuid'])
})
