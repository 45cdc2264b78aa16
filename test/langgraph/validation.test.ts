import { randomUUID } from 'node:crypto'
import { BaseCheckpointSaver } from '@langchain/langgraph-checkpoint'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { sql } from '../../src/database/database.ts'
import { saverClass } from '../../src/langgraph/langgraph.ts'
import { openStoreWorld, storeEngines, type StoreWorld } from '../harness/assistant-store.ts'

// The suite is written for global names, and takes them when it is loaded.
Object.assign(globalThis, { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it })
const { deltaChannelHistoryTests, validate } = await import('@langchain/langgraph-checkpoint-validation')

const MetastoreSaver = saverClass({ BaseCheckpointSaver })

// Acceptance scenario 65.
describe.each(storeEngines)('the validation suite of LangGraph on $name', ({ freshSchema }) => {
  let world: StoreWorld

  beforeAll(async () => {
    world = await openStoreWorld(await freshSchema())
  })
  afterAll(() => world[Symbol.asyncDispose]())

  // A tenant of its own is as good as a database of its own, and quicker.
  const createCheckpointer = async () => {
    const tenant = randomUUID()
    await world.store.admin.transaction((tx) =>
      tx.execute(sql`insert into tenants (id, name, domain) values (${tenant}, ${tenant}, ${tenant})`),
    )
    const store = () => Promise.resolve(world.store.tenant(tenant))
    return new MetastoreSaver({ store, makesThreads: true })
  }
  validate({ checkpointerName: 'metastore', createCheckpointer })
  deltaChannelHistoryTests({ checkpointerName: 'metastore', createCheckpointer })
})
