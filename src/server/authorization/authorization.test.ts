import { describe, expect, test } from 'vitest'
import type { Principal, Services } from '../app.ts'
import { isPublic } from '../authentication/public-paths.ts'
import { createApp } from '../create-app.ts'
import { rateLimit } from '../requests/rate-limit.ts'
import { authorize, leastRole } from './authorization.ts'

/** Every route that is not for everybody, by the role that it is for. */
const routesOf = {
  user: [
    'GET /assistants/:assistant_id',
    'GET /assistants/:assistant_id/graph',
    'GET /assistants/:assistant_id/schemas',
    'POST /assistants/:assistant_id/versions',
    'POST /assistants/count',
    'POST /assistants/search',
    'GET /runs/:run_id',
    'GET /runs/:run_id/join',
    'GET /runs/:run_id/stream',
    'POST /runs',
    'POST /runs/stream',
    'POST /runs/wait',
    'DELETE /threads/:thread_id',
    'DELETE /threads/:thread_id/runs/:run_id',
    'GET /threads/:thread_id',
    'GET /threads/:thread_id/history',
    'GET /threads/:thread_id/runs',
    'GET /threads/:thread_id/runs/:run_id',
    'GET /threads/:thread_id/runs/:run_id/join',
    'GET /threads/:thread_id/runs/:run_id/stream',
    'GET /threads/:thread_id/state',
    'GET /threads/:thread_id/state/:checkpoint_id',
    'GET /threads/:thread_id/stream',
    'PATCH /threads/:thread_id',
    'POST /threads',
    'POST /threads/:thread_id/copy',
    'POST /threads/:thread_id/history',
    'POST /threads/:thread_id/runs',
    'POST /threads/:thread_id/runs/:run_id/cancel',
    'POST /threads/:thread_id/runs/stream',
    'POST /threads/:thread_id/runs/wait',
    'POST /threads/:thread_id/state',
    'POST /threads/:thread_id/state/checkpoint',
    'POST /threads/count',
    'POST /threads/search',
    'GET /api/threads',
    'POST /api/threads',
    'GET /api/threads/:id/messages',
    'POST /api/threads/:id/messages',
    'GET /api/:tenant',
    'GET /api/:tenant/agents',
    'GET /api/:tenant/agents/:id/tools',
    'GET /api/:tenant/knowledge',
    'GET /api/:tenant/knowledge/:id',
    'GET /api/:tenant/sessions',
    'GET /api/:tenant/sessions/:id',
    'DELETE /api/:tenant/sessions/:id',
    'POST /api/:tenant/chat',
    'POST /api/:tenant/escalate',
  ],
  supporter: [
    'POST /runs/batch',
    'POST /runs/cancel',
    'DELETE /store/items',
    'GET /store/items',
    'POST /store/items/search',
    'POST /store/namespaces',
    'PUT /store/items',
    'GET /api/:tenant/escalations',
    'GET /api/:tenant/supporters',
    'PATCH /api/:tenant/escalations/:id/status',
  ],
  admin: [
    'DELETE /assistants/:assistant_id',
    'PATCH /assistants/:assistant_id',
    'POST /assistants',
    'POST /assistants/:assistant_id/latest',
    'DELETE /runs/crons/:cron_id',
    'PATCH /runs/crons/:cron_id',
    'POST /runs/crons',
    'POST /runs/crons/count',
    'POST /runs/crons/search',
    'POST /threads/:thread_id/runs/crons',
    'POST /threads/prune',
    'DELETE /api/:tenant/agents/:id',
    'PATCH /api/:tenant/agents/:id',
    'POST /api/:tenant/agents',
    'PUT /api/:tenant/agents/:id/permission',
    'PUT /api/:tenant/agents/:id/tools',
    'DELETE /api/:tenant/knowledge/:id',
    'POST /api/:tenant/knowledge',
    'GET /api/:tenant/llm-config',
    'PUT /api/:tenant/llm-config',
    'GET /api/:tenant/models',
    'POST /api/:tenant/models',
    'PATCH /api/:tenant/supporters/:id/availability',
    'DELETE /api/:tenant/tools/:id',
    'GET /api/:tenant/tools',
    'PATCH /api/:tenant/tools/:id',
    'POST /api/:tenant/tools',
    'PUT /api/:tenant/tools/:id/permission',
    'GET /api/:tenant/users',
    'GET /api/:tenant/users/:id',
    'PATCH /api/:tenant/users/:id',
    'POST /api/:tenant/users',
  ],
  operator: [
    'GET /api/admin/tenants',
    'PATCH /api/admin/tenants/:id',
    'POST /api/admin/tenants',
    'DELETE /api/:tenant/agents/:id/permission',
    'DELETE /api/:tenant/tools/:id/permission',
  ],
}

const self = '11111111-1111-1111-1111-11111111abcd'

describe('the role that a request needs', () => {
  test('is written down for every route, and no other', () => {
    const routes = createApp({} as Services)
      .routes.filter(({ method, path }) => method !== 'ALL' && !isPublic(path))
      .map(({ method, path }) => ({ route: `${method} ${path}`, least: leastRole(method, path) }))
    const byRole = Object.fromEntries(
      Object.keys(routesOf).map((role) => [
        role,
        new Set(routes.filter(({ least }) => least === role).map(({ route }) => route)),
      ]),
    )
    expect(byRole).toEqual(Object.fromEntries(Object.entries(routesOf).map(([role, all]) => [role, new Set(all)])))
  })

  test.each([
    ['HEAD', '/threads/x', 'user'],
    ['OPTIONS', '/threads/x', 'admin'],
    ['GET', '/something/new', 'admin'],
    ['GET', '/api/eTMS/something', 'admin'],
    ['GET', '/api/threads/users', 'admin'],
    ['GET', '/api/eTMS/agents/x', 'admin'],
    ['GET', '/api/eTMS/knowledge%2Fx', 'admin'],
  ])('%s %s: %s', (method, path, role) => {
    expect(leastRole(method, path)).toBe(role)
  })

  test('is a lesser one for what somebody says of themselves', () => {
    const path = (id: string): string => `/api/eTMS/supporters/${id}/availability`
    expect(leastRole('PATCH', path(self), self)).toBe('supporter')
    expect(leastRole('PATCH', path(self.toUpperCase()), self)).toBe('supporter')
    expect(leastRole('PATCH', path('x'), self)).toBe('admin')
    expect(leastRole('PATCH', path('undefined'), undefined)).toBe('admin')
    // The id of a user in another place of a path is nobody's privilege.
    expect(leastRole('PATCH', `/api/eTMS/users/${self}`, self)).toBe('admin')
  })
})

describe('whoever lacks the role that a request needs', () => {
  const shared = '00000000-0000-0000-0000-000000000000'
  const refusal = (principal: Omit<Principal, 'userId'>, method: string, path: string): unknown => {
    try {
      return authorize({ userId: undefined, ...principal }, method, path)
    } catch (error) {
      return error
    }
  }

  test('is refused, and told which one it is', () => {
    expect(refusal({ tenantId: 't', role: 'supporter' }, 'GET', '/api/eTMS/users')).toMatchObject({
      code: 'forbidden',
      message: 'This is for the role admin, and the key or token has the role supporter.',
      remedy: 'Ask an administrator of the tenant for a key of that role.',
    })
    expect(refusal({ tenantId: 't', role: 'supporter' }, 'GET', '/api/eTMS/escalations')).toBeUndefined()
  })

  test.each([
    ['t', 'admin'],
    [shared, 'supporter'],
  ] as const)('is refused what concerns all tenants: of tenant %s, as %s', (tenantId, role) => {
    expect(refusal({ tenantId, role }, 'GET', '/api/admin/tenants')).toMatchObject({
      code: 'forbidden',
      message: 'This is for administrators of the tenant shared, and the key or token is of nobody who is one.',
      remedy: 'Ask whoever administers all tenants.',
    })
  })

  test('an administrator of the tenant shared lacks none', () => {
    for (const path of ['/api/admin/tenants', '/api/eTMS/users', '/threads/x']) {
      expect(refusal({ tenantId: shared, role: 'admin' }, 'GET', path)).toBeUndefined()
    }
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
