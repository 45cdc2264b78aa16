import { describe, expect, test } from 'vitest'
import { parseDestination, resolveName } from './resolve.ts'

const names = ['001_init_users', '002_chat', '20250330_chat_summary', '20250331000000_runs']

describe('naming a migration', () => {
  test.each([
    ['002_chat', '002_chat'],
    ['2', '002_chat'],
    ['0002', '002_chat'],
    ['init_users', '001_init_users'],
    ['002', '002_chat'],
    ['20250331', '20250331000000_runs'],
    ['ru', '20250331000000_runs'],
    ['chat', '002_chat'],
  ])('%s means %s', (reference, name) => {
    expect(resolveName(reference, names)).toBe(name)
  })

  test('two that begin alike are told', () => {
    expect(() => resolveName('20250', names)).toThrow(
      expect.objectContaining({
        code: 'migration_unknown',
        message: '"20250" could be 2 migrations.',
        remedy: 'Give more of the name.',
        details: ['20250330_chat_summary', '20250331000000_runs'],
      }),
    )
  })

  test('one that does not exist is told with the nearest', () => {
    expect(() => resolveName('002_chta', names)).toThrow(
      expect.objectContaining({
        message: 'There is no migration "002_chta".',
        remedy: 'Did you mean 002_chat? metastore history lists them all.',
      }),
    )
  })

  test('without any migration the first one is suggested', () => {
    expect(() => resolveName('head~', [])).toThrow(
      expect.objectContaining({ remedy: 'There are no migrations yet; create one with metastore new NAME.' }),
    )
  })
})

describe('a destination', () => {
  test.each([
    ['head', { kind: 'head' }],
    ['heads', { kind: 'head' }],
    ['base', { kind: 'base' }],
    ['+2', { kind: 'steps', count: 2 }],
    ['-1', { kind: 'steps', count: -1 }],
    ['2', { kind: 'name', name: '002_chat' }],
  ])('%s', (text, destination) => {
    expect(parseDestination(text, names)).toEqual(destination)
  })
})
