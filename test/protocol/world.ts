import { Client } from '@langchain/langgraph-sdk'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { BackgroundOptions } from '../../src/server/background/background.ts'
import { MetastoreError } from '../../src/errors.ts'
import { type Executor, type Principal, type RunningServer, startServer } from '../../src/server/server.ts'
import type { EmbeddingModel } from '../../src/store/store.ts'
import { anna, bert, ident, openStoreWorld, storeEngines, type StoreWorld } from '../harness/assistant-store.ts'

/** A server on a database of its own, and clients of two tenants. */
export interface ProtocolWorld extends StoreWorld {
  readonly server: RunningServer
  /** The SDK as an administrator of the tenant anna uses it. */
  readonly client: Client
  /** The same of the tenant bert. */
  readonly stranger: Client
  /** The same as somebody uses it who is one of `people`; their rows are the test's business. */
  as(who: keyof typeof people): Client
  /** Failures of the server that no client may read; a test that does not expect one fails on it. */
  readonly failures: Error[]
}

/** Users of the tenant anna. */
export const people = {
  mia: { tenantId: anna, userId: ident(anna, 'mia'), role: 'user' },
  max: { tenantId: anna, userId: ident(anna, 'max'), role: 'user' },
  /** Mia, with a key of an administrator. */
  boss: { tenantId: anna, userId: ident(anna, 'mia'), role: 'admin' },
} as const satisfies Readonly<Record<string, Principal>>

const principals: Readonly<Record<string, Principal>> = {
  anna: { tenantId: anna, userId: undefined, role: 'admin' },
  bert: { tenantId: bert, userId: undefined, role: 'admin' },
  ...people,
}

/** Starts a server with these executors on a database with the shipped schema. */
async function openWorld(
  database: (typeof storeEngines)[number],
  executors: readonly Executor[],
  background: BackgroundOptions | undefined,
  embeddings: EmbeddingModel | undefined,
): Promise<ProtocolWorld> {
  const world = await openStoreWorld(await database.freshSchema(), embeddings)
  const failures: Error[] = []
  const server = await startServer({
    store: world.store,
    executors,
    background,
    authenticate: (headers) => Promise.resolve(principalOf(headers.get('x-api-key') ?? '')),
    logFailure: (error) => failures.push(error),
    host: '127.0.0.1',
    port: 0,
    linger: 0,
    runs: { drainSeconds: 1, heartbeatSeconds: 0.5 },
  })
  const clientOf = (apiKey: string) => new Client({ apiUrl: server.url, apiKey })
  return {
    ...world,
    server,
    client: clientOf('anna'),
    stranger: clientOf('bert'),
    as: clientOf,
    failures,
    async [Symbol.asyncDispose]() {
      await server.close()
      await world[Symbol.asyncDispose]()
    },
  }
}

function principalOf(key: string): Principal {
  const found = principals[key]
  if (found !== undefined) return found
  throw new MetastoreError({ code: 'unauthenticated', message: 'The key is not known.', remedy: 'Send one that is.' })
}

/** Declares acceptance scenarios of the protocol, on every engine, with a server of their own. */
export function protocolScenarios(
  title: string,
  executors: readonly Executor[],
  declare: (
    it: () => ProtocolWorld,
    scenario: (number: number, title: string, body: () => Promise<void>) => void,
  ) => void,
  background?: BackgroundOptions,
  embeddings?: () => Promise<EmbeddingModel | undefined>,
): void {
  describe.each(storeEngines)(`${title} on $name`, (engine) => {
    let world: ProtocolWorld
    beforeAll(async () => {
      world = await openWorld(engine, executors, background, await embeddings?.())
    })
    afterAll(() => world[Symbol.asyncDispose]())
    declare(
      () => world,
      (number, name, body) => {
        test(`protocol scenario ${number}: ${name} [${engine.name}]`, async () => {
          world.failures.length = 0
          await body()
          expect(world.failures).toEqual([])
        })
      },
    )
  })
}
