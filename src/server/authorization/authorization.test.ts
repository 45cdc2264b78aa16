import { describe, expect, test } from 'vitest'
import { leastRole } from './authorization.ts'
import { rateLimit } from '../requests/rate-limit.ts'

describe('the role that a request needs', () => {
  test.each([
    ['GET', '/assistants/echo', 'user'],
    ['GET', '/assistants/echo/schemas', 'user'],
    ['POST', '/assistants/search', 'user'],
    ['POST', '/assistants', 'admin'],
    ['PATCH', '/assistants/echo', 'admin'],
    ['POST', '/assistants/echo/latest', 'admin'],
    ['POST', '/threads', 'user'],
    ['HEAD', '/threads/x', 'user'],
    ['POST', '/threads/prune', 'admin'],
    ['POST', '/threads/x/runs/stream', 'user'],
    ['POST', '/threads/x/runs/crons', 'admin'],
    ['POST', '/runs/wait', 'user'],
    ['POST', '/runs/cancel', 'supporter'],
    ['POST', '/runs/crons/search', 'admin'],
    ['PUT', '/store/items', 'supporter'],
    ['POST', '/api/eTMS/chat', 'user'],
    ['POST', '/api/eTMS/knowledge', 'admin'],
    ['GET', '/api/eTMS/escalations', 'supporter'],
    ['GET', '/api/eTMS/keys', 'admin'],
    ['GET', '/something/new', 'admin'],
  ])('%s %s: %s', (method, path, role) => {
    expect(leastRole(method, path)).toBe(role)
  })
})

describe('the limit of requests', () => {
  const principal = (keyId: string) => ({ tenantId: 't', userId: undefined, role: 'user' as const, keyId })

  test('lets so many pass at once, then as many as time allows, for each key by itself', () => {
    let time = 0
    const limit = rateLimit(60, () => time)
    const take = (key: string, times: number) => Array.from({ length: times }, () => limit.take(principal(key)))
    expect(take('a', 60).every((seconds) => seconds === undefined)).toBe(true)
    expect(take('a', 1)).toEqual([1])
    expect(take('b', 1)).toEqual([undefined])
    time = 2000
    expect(take('a', 3)).toEqual([undefined, undefined, 1])
  })
})
