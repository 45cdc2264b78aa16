import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sql } from '../../src/database/database.ts'
import { authentication, createApp, openToAll, tokenVerifier } from '../../src/server/server.ts'
import type { KeyRole } from '../../src/store/store.ts'
import { startRuns, type RunService } from '../../src/server/runs/run-service.ts'
import { anna, bert, ident, openStoreWorld, storeEngines, type StoreWorld } from '../harness/assistant-store.ts'
import { temporaryDirectory } from '../harness/temporary-directory.ts'

type Headers = Readonly<Record<string, string>>

const holdsNot = {
  status: 401,
  body: {
    error: 'unauthenticated',
    message: 'The key is not one that holds.',
    detail: 'The key is not one that holds.',
  },
}

describe.each(storeEngines)('authentication on $name', (engine) => {
  let world: StoreWorld
  const failures: unknown[] = []

  let runs: RunService

  beforeAll(async () => {
    world = await openStoreWorld(await engine.freshSchema())
    runs = startRuns({ store: world.store, executors: [], logFailure: (error) => failures.push(error) })
  })
  afterAll(async () => {
    await runs.close()
    await world[Symbol.asyncDispose]()
    expect(failures).toEqual([])
  })

  // A new server each time, which remembers nothing.
  const serverOf = (
    authenticate = authentication({ store: world.store, onFailure: (error) => failures.push(error) }),
  ) => {
    const services = { store: world.store, executors: [], runs, logFailure: (error: Error) => failures.push(error) }
    return createApp({ ...services, authenticate })
  }
  async function ask(headers: Headers, app = serverOf(), tenant = anna) {
    const response = await app.request(`/assistants/${ident(tenant, 'assistant')}`, { headers })
    return { status: response.status, body: await response.json() }
  }
  const keyOf = (role: KeyRole, more: { userId?: string; expiresAt?: Date } = {}) =>
    world.store.tenant(anna).apiKeys.create({ name: 'test', role, ...more })
  const run = async (statement: ReturnType<typeof sql>) => {
    await using session = await world.database.session()
    await session.execute(statement)
  }

  test('a key opens its own tenant, as x-api-key and as a bearer, and no other', async () => {
    const { key, row } = await keyOf('user')
    expect(key).toMatch(/^ms_[0-9a-f]{12}_[\w-]{43}$/)
    expect(row).toMatchObject({ tenant_id: anna, prefix: key.slice(0, 15), role: 'user', revoked_at: null })
    expect(await ask({ 'x-api-key': key })).toMatchObject({ status: 200 })
    expect(await ask({ authorization: `Bearer ${key}` })).toMatchObject({ status: 200 })
    expect(await ask({ 'x-api-key': key }, serverOf(), bert)).toMatchObject({ status: 404 })
  })

  test('nothing, nonsense and a key whose end is wrong are refused, with the same words', async () => {
    const { key } = await keyOf('admin')
    expect(await ask({})).toMatchObject({ status: 401, body: { message: 'The request has no key and no token.' } })
    expect(await ask({ 'x-api-key': 'nonsense' })).toEqual(holdsNot)
    expect(await ask({ 'x-api-key': `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}` })).toEqual(holdsNot)
    expect(await ask({ authorization: 'Basic YTpi' })).toMatchObject({ status: 401 })
  })

  test('a key is kept as a hash, and the database never has it', async () => {
    const { key, row } = await keyOf('user')
    await using session = await world.database.session()
    const [kept] = await session.query<{ kept: string; hash: Uint8Array }>(
      sql`select to_jsonb(k)::text as kept, hash from api_keys k where id = ${row.id}`,
    )
    expect(kept?.hash).toHaveLength(32)
    expect(kept?.kept).not.toContain(key.slice(16))
  })

  test('a key that is revoked, or has expired, or whose user or tenant is not active, holds no more', async () => {
    const revoked = await keyOf('user')
    const listed = await world.store.tenant(anna).apiKeys.list()
    expect(listed.map(({ id }) => id)).toContain(revoked.row.id)
    await expect(world.store.tenant(bert).apiKeys.revoke(revoked.row.id)).rejects.toMatchObject({ code: 'not_found' })
    await world.store.tenant(anna).apiKeys.revoke(revoked.row.prefix)
    expect(await ask({ 'x-api-key': revoked.key })).toEqual(holdsNot)

    const expired = await keyOf('user', { expiresAt: new Date(Date.now() - 1000) })
    expect(await ask({ 'x-api-key': expired.key })).toEqual(holdsNot)

    const users = await keyOf('user', { userId: ident(anna, 'user') })
    expect(await ask({ 'x-api-key': users.key })).toMatchObject({ status: 200 })
    await run(sql`update users set is_active = false where tenant_id = ${anna}`)
    expect(await ask({ 'x-api-key': users.key })).toEqual(holdsNot)
    await run(sql`update users set is_active = true where tenant_id = ${anna}`)
    await run(sql`update tenants set status = 'suspended' where id = ${anna}`)
    expect(await ask({ 'x-api-key': users.key })).toEqual(holdsNot)
    await run(sql`update tenants set status = 'active' where id = ${anna}`)
  })

  test('a key for a user who is not there, or is another tenant’s, is refused', async () => {
    await expect(keyOf('user', { userId: ident(bert, 'user') })).rejects.toMatchObject({
      code: 'request_invalid',
      problems: [{ path: 'user_id', message: 'There is no such user.' }],
    })
  })

  test('a server asks the database once for a key that it knows, and notes when it was used', async () => {
    const { key, row } = await keyOf('user')
    const app = serverOf()
    await Promise.all([ask({ 'x-api-key': key }, app), ask({ 'x-api-key': key }, app)])
    await world.store.tenant(anna).apiKeys.revoke(row.id)
    expect(await ask({ 'x-api-key': key }, app)).toMatchObject({ status: 200 })
    const used = async () =>
      (await world.store.tenant(anna).apiKeys.list()).find(({ id }) => id === row.id)?.last_used_at
    await expect.poll(used, { timeout: 30_000 }).toBeInstanceOf(Date)
  })

  test('what a role may not do is refused, and what is another’s is not there', async () => {
    const { key } = await keyOf('user')
    const response = await serverOf().request('/store/items', { method: 'PUT', headers: { 'x-api-key': key } })
    expect(response.status).toBe(403)
    expect(await response.json()).toMatchObject({
      error: 'forbidden',
      message: 'This is for the role supporter, and the key or token has the role user.',
    })
  })

  test('a thread that a user makes or copies is that user’s alone', async () => {
    const [one = '', other = ''] = await Promise.all(
      ['one', 'other'].map(async (name) => {
        const userId = ident(anna, `user ${name}`)
        await run(sql`
          insert into users (tenant_id, id, email) values (${anna}, ${userId}, ${`${name}@threads.test`})`)
        return (await keyOf('user', { userId })).key
      }),
    )
    const app = serverOf()
    const request = async (key: string, path: string, body?: object) => {
      const method = body === undefined ? 'GET' : 'POST'
      const answer = await app.request(path, { method, headers: { 'x-api-key': key }, ...(body && { body: '{}' }) })
      return { status: answer.status, body: (await answer.json()) as { thread_id: string } }
    }
    const made = await request(one, '/threads', {})
    expect(made.status).toBe(200)
    const copy = await request(one, `/threads/${made.body.thread_id}/copy`, {})
    for (const { body } of [made, copy]) {
      expect(await request(one, `/threads/${body.thread_id}`)).toEqual({ status: 200, body })
      expect((await request(other, `/threads/${body.thread_id}`)).status).toBe(404)
      expect((await request(other, `/threads/${body.thread_id}/copy`, {})).status).toBe(404)
    }
  })

  test('without authentication everybody is an administrator of one tenant', async () => {
    expect(await ask({}, serverOf(openToAll(anna)))).toMatchObject({ status: 200 })
    expect(await ask({}, serverOf(openToAll(anna)), bert)).toMatchObject({ status: 404 })
  })

  test('a token of the issuer is taken, for its tenant, until it expires; any other is refused', async () => {
    const { publicKey, privateKey } = await generateKeyPair('ES256')
    const keySet = path.join(temporaryDirectory(), 'keys.json')
    writeFileSync(keySet, JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256' }] }))
    const claims = { tenant: 'tenant_id', role: 'role', user: 'sub' }
    const verifyToken = await tokenVerifier(world.store, { keySet, issuer: 'https://i.test', audience: 'us', claims })
    const authenticate = authentication({ store: world.store, verifyToken, onFailure: (error) => failures.push(error) })
    const said = { iss: 'https://i.test', aud: 'us', tenant_id: anna, sub: ident(anna, 'user'), exp: 4_000_000_000 }
    const sign = (more: object, key = privateKey) =>
      new SignJWT({ ...said, ...more }).setProtectedHeader({ alg: 'ES256' }).sign(key)
    const outcome = async (token: string) => {
      const { status, body } = await ask({ authorization: `Bearer ${token}` }, serverOf(authenticate))
      return status === 200 ? 200 : (body as { message: string }).message
    }
    const other = (await generateKeyPair('ES256')).privateKey
    const secret = new TextEncoder().encode('x'.repeat(32))

    expect(await outcome(await sign({}))).toBe(200)
    expect(await outcome(await sign({ role: 'admin', sub: 'nobody' }))).toBe(200)
    expect(await outcome(await sign({ exp: 1 }))).toBe('The token has expired.')
    expect(await outcome(await sign({ exp: undefined }))).toBe('The claim exp of the token is not what it has to be.')
    expect(await outcome(await sign({ iss: 'x' }))).toBe('The claim iss of the token is not what it has to be.')
    expect(await outcome(await sign({ aud: 'x' }))).toBe('The claim aud of the token is not what it has to be.')
    expect(await outcome(await sign({}, other))).toBe('The token is not one that holds.')
    expect(await outcome(new UnsecuredJWT(said).encode())).toBe('The token is not one that holds.')
    const symmetric = await new SignJWT(said).setProtectedHeader({ alg: 'HS256' }).sign(secret)
    expect(await outcome(symmetric)).toBe('The token is not one that holds.')
    expect(await outcome(await sign({ tenant_id: 'nobody' }))).toBe(
      'The claim tenant_id of the token names no tenant that is active.',
    )
    expect(await outcome(await sign({ role: 'root' }))).toBe(
      'The claim role of the token is none of admin, supporter and user.',
    )
    expect(await outcome(await sign({ sub: ident(bert, 'user') }))).toBe(
      'The claim sub of the token names no user of the tenant.',
    )
  })
})

test('a file that is no key set is refused when the server starts', async () => {
  const keySet = path.join(temporaryDirectory(), 'keys.json')
  writeFileSync(keySet, '{"keys": 1}')
  const claims = { tenant: 'tenant_id', role: 'role', user: 'sub' }
  const made = tokenVerifier({} as StoreWorld['store'], { keySet, issuer: undefined, audience: undefined, claims })
  await expect(made).rejects.toMatchObject({
    code: 'file_unreadable',
    message: 'The key set cannot be read, or is not a JSON Web Key Set.',
    where: keySet,
  })
})
