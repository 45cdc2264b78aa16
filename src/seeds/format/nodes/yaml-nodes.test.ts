import { expect, test } from 'vitest'
import { toJson } from './value-node.ts'
import { yamlNodes } from './yaml-nodes.ts'

function json(text: string): unknown {
  const read = yamlNodes(text)
  return 'problems' in read ? read.problems : JSON.parse(toJson(read.node))
}

test('numbers that JSON writes otherwise stay numbers', () => {
  expect(json('[.5, -.5e3, 5., 0o17, 0x1F, +5]')).toEqual([0.5, -500, 5, 15, 31, 5])
  expect(json('[.inf, 2024-01-01, 1_000]')).toEqual(['Infinity', '2024-01-01', '1_000'])
})

test('a table takes over what the tables behind << say, and its own cells win', () => {
  const base = 'base: &base { a: 1, b: 2 }\nmore: &more { b: 3, c: 4 }\n'
  expect(json(`${base}one: { <<: *base, b: 5 }\nboth: { <<: [*base, *more] }`)).toMatchObject({
    one: { a: 1, b: 5 },
    both: { a: 1, b: 2, c: 4 },
  })
  expect(json('{ <<: text }')).toEqual({ '<<': 'text' })
})

test('bytes in base64 are written as PostgreSQL reads bytes', () => {
  expect(json('!!binary aGVsbG8=')).toBe('\\x68656c6c6f')
})
