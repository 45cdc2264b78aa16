import { afterAll, beforeAll, describe, expect } from 'vitest'
import { sql } from '../../src/database/database.ts'
import { generateKey, parseKeyring } from '../../src/secrets/keyring.ts'
import { createApp, type Executor, type Principal, type Services } from '../../src/server/server.ts'
import { startRuns } from '../../src/server/runs/run-service.ts'
import { anna, bert, ident, openStoreWorld, shared, storeEngines, type StoreWorld } from '../harness/assistant-store.ts'

/** An answer of the application: its status, and its body as JSON. */
export interface Answer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

/** A text in the body of an answer, such as an id. */
export function textIn({ body }: Answer, key: string): string {
  return body[key] as string
}

/** A list of objects in the body of an answer. */
export function rowsIn({ body }: Answer, key: string): Readonly<Record<string, unknown>>[] {
  return body[key] as Record<string, unknown>[]
}

/** The application on a database of its own, and those who use it. */
export interface TenantWorld extends StoreWorld {
  /** Sends a request as one of `principals`, without a port. */
  send(who: keyof typeof principals, request: string, body?: unknown): Promise<Answer>
  /** Failures that no client may read. */
  readonly failures: Error[]
  readonly keyring: ReturnType<typeof parseKeyring>
  /** Gates what the agent of the test answers. */
  answering: NonNullable<Services['answer']> | undefined
}

/** The agents of the tests: shared ones, of which anna may use two. */
export const agentIds = {
  SupervisorAgent: ident(shared, 'supervisor'),
  GuidelineAgent: ident(shared, 'guideline'),
  DebtAgent: ident(shared, 'debt'),
} as const

/** Users of anna. */
export const people = {
  admin: ident(anna, 'admin'),
  sue: ident(anna, 'sue'),
  sam: ident(anna, 'sam'),
  user: ident(anna, 'user'),
}

const principals = {
  admin: { tenantId: anna, userId: people.admin, role: 'admin' },
  sue: { tenantId: anna, userId: people.sue, role: 'supporter' },
  sam: { tenantId: anna, userId: people.sam, role: 'supporter' },
  user: { tenantId: anna, userId: people.user, role: 'user' },
  visitor: { tenantId: anna, userId: undefined, role: 'user' },
  bert: { tenantId: bert, userId: undefined, role: 'admin' },
  operator: { tenantId: shared, userId: undefined, role: 'admin' },
} as const satisfies Record<string, Principal>

/** Declares tests of the application on every engine. */
export function tenantTests(
  title: string,
  executors: readonly Executor[],
  declare: (it: () => TenantWorld) => void,
): void {
  describe.each(storeEngines)(`${title} on $name`, (engine) => {
    let world: TenantWorld
    beforeAll(async () => {
      world = await openWorld(engine, executors)
    })
    afterAll(async () => {
      await world[Symbol.asyncDispose]()
      expect(world.failures).toEqual([])
    })
    declare(() => world)
  })
}

async function openWorld(engine: (typeof storeEngines)[number], executors: readonly Executor[]): Promise<TenantWorld> {
  const world = await openStoreWorld(await engine.freshSchema())
  await fill(world)
  const failures: Error[] = []
  const keyring = parseKeyring(generateKey(), 'test')
  const gate: Pick<TenantWorld, 'answering'> = { answering: undefined }
  const logFailure = (error: Error) => failures.push(error)
  const runs = startRuns({ store: world.store, executors, logFailure })
  const services: Services = {
    store: world.store,
    executors,
    runs,
    authenticate: (headers) => Promise.resolve(principals[headers.get('x-api-key') as keyof typeof principals]),
    encryption: keyring,
    get answer() {
      return gate.answering
    },
    logFailure,
  }
  const app = createApp(services)
  return Object.assign(gate, {
    ...world,
    async [Symbol.asyncDispose]() {
      await runs.close()
      await world[Symbol.asyncDispose]()
    },
    failures,
    keyring,
    async send(who: keyof typeof principals, request: string, body?: unknown): Promise<Answer> {
      const [method = '', path = ''] = request.split(' ')
      const headers = { 'x-api-key': who, ...(body === undefined ? {} : { 'content-type': 'application/json' }) }
      const response = await app.request(path, {
        method,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
      })
      const text = await response.text()
      return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as Answer['body']) }
    },
  })
}

async function fill({ store }: StoreWorld): Promise<void> {
  await store.admin.transaction(async (tx) => {
    await tx.execute(sql`update tenants set name = 'Anna', domain = 'anna.test' where id = ${anna}`)
    for (const [name, id] of Object.entries(agentIds)) {
      await tx.execute(sql`
        insert into assistants (tenant_id, assistant_id, graph_id, name) values (${shared}, ${id}, 'chat', ${name})`)
    }
    for (const id of [agentIds.SupervisorAgent, agentIds.GuidelineAgent]) {
      await tx.execute(sql`insert into tenant_assistants (tenant_id, assistant_id) values (${anna}, ${id})`)
    }
    for (const [name, id] of Object.entries(people)) {
      const role = name === 'admin' || name === 'user' ? name : 'supporter'
      await tx.execute(sql`
        insert into users (tenant_id, id, email, role) values (${anna}, ${id}, ${`${name}@anna.test`}, ${role})
        on conflict (tenant_id, id) do nothing`)
    }
  })
}
