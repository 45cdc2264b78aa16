import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fc } from '../../../test/harness/properties.ts'
import { anna, openStoreWorld, storeEngines, type StoreWorld } from '../../../test/harness/assistant-store.ts'
import { campaign } from '../../../test/harness/campaign.ts'
import { newThread } from '../../../test/protocol/execution.ts'
import type { CheckpointAccess, NewCheckpoint, StoredCheckpoint, TenantStore } from '../../store/store.ts'
import { runCheckpoints } from './run-checkpoints.ts'
import { type RunLog, runLog } from './run-log.ts'

let world: StoreWorld
let tenant: TenantStore

beforeAll(async () => {
  const embedded = storeEngines.at(-1)
  if (embedded === undefined) throw new Error('There is no engine.')
  world = await openStoreWorld(await embedded.freshSchema())
  tenant = world.store.tenant(anna)
})
afterAll(() => world[Symbol.asyncDispose]())

/** Writes at once what a run writes, without a run. */
function openLog(): RunLog {
  return runLog({
    next: 0,
    delay: 3_600_000,
    async write({ checkpoints, writes }) {
      for (const each of checkpoints) await tenant.checkpoints.put(each)
      for (const { at, ...write } of writes) await tenant.checkpoints.putWrites(at, [write])
    },
    onFailure: (cause) => expect.unreachable(String(cause)),
  })
}

const namespace = fc.constantFrom('', 'child')
const place = fc.nat(5)
const channel = fc.constantFrom('text', 'items', 'gone')
const steps = fc.oneof(
  fc.record({
    kind: fc.constant('put' as const),
    namespace,
    after: fc.option(place),
    again: fc.boolean(),
    channels: fc.uniqueArray(channel),
  }),
  fc.record({
    kind: fc.constant('write' as const),
    namespace,
    at: place,
    idx: fc.integer({ min: -2, max: 2 }),
    task: fc.constantFrom('a', 'B'),
  }),
  fc.record({ kind: fc.constant('read' as const), namespace, at: fc.option(place) }),
  fc.constant({ kind: 'flush' as const }),
  fc.constant({ kind: 'list' as const }),
)
type Step = typeof steps extends fc.Arbitrary<infer T> ? T : never

/** Does the steps on a thread, and gives all that was read, without the name of the thread. */
async function outcomeOf(
  all: readonly Step[],
  threadId: string,
  access: CheckpointAccess,
  { first, flush = async () => {} }: { readonly first: number; readonly flush?: () => Promise<void> },
): Promise<unknown> {
  const made = new Map<string, NewCheckpoint[]>()
  const read: unknown[] = []
  const textOf = (blob: Uint8Array | null): string | null => blob && Buffer.from(blob).toString()
  const known = (found: StoredCheckpoint | undefined): void => {
    const { thread_id: _, channels = [], writes = [], ...head } = found ?? {}
    read.push([
      head,
      // In the order in which jsonb has keys, or in that in which they came.
      channels.map(({ channel, version, blob }) => `${channel} ${version} ${textOf(blob)}`).toSorted(),
      writes.map(({ task_id, idx, blob }) => [task_id, idx, textOf(blob)]),
    ])
  }
  for (const [index, step] of all.entries()) {
    const number = first + index
    const puts = 'namespace' in step ? (made.get(step.namespace) ?? []) : []
    if (step.kind === 'put') {
      const parent = step.after === null ? undefined : puts[step.after % Math.max(1, puts.length)]
      const same = step.again ? puts.at(-1) : undefined
      const next =
        same ?? checkpointAfter(parent, { threadId, namespace: step.namespace, number, channels: step.channels })
      made.set(step.namespace, [...puts, next])
      await access.put({ ...next, metadata: { number } })
    } else if (step.kind === 'write') {
      const at = puts[step.at % Math.max(1, puts.length)]
      if (at === undefined) continue
      const blob = Buffer.from(String(number))
      const place = { threadId, namespace: step.namespace, checkpointId: at.checkpoint_id }
      await access.putWrites(place, [{ task_id: step.task, idx: step.idx, channel: 'text', type: 'json', blob }])
    } else if (step.kind === 'read') {
      const at = step.at === null ? undefined : puts[step.at % Math.max(1, puts.length)]
      known(await access.newest({ threadId, namespace: step.namespace, checkpointId: at?.checkpoint_id }))
    } else if (step.kind === 'flush') await flush()
    else for await (const found of access.list({ threadId })) known(found)
  }
  for (const name of ['', 'child']) known(await access.newest({ threadId, namespace: name }))
  return read
}

function checkpointAfter(
  parent: NewCheckpoint | undefined,
  {
    threadId,
    namespace,
    number,
    channels,
  }: {
    readonly threadId: string
    readonly namespace: string
    readonly number: number
    readonly channels: readonly string[]
  },
): NewCheckpoint {
  const before = (parent?.checkpoint['channel_versions'] ?? {}) as Readonly<Record<string, string>>
  const version = `${String(number).padStart(4, '0')}.${namespace}`
  return {
    thread_id: threadId,
    checkpoint_ns: namespace,
    checkpoint_id: String(number).padStart(4, '0'),
    parent_checkpoint_id: parent?.checkpoint_id ?? null,
    checkpoint: {
      v: 4,
      channel_versions: { ...before, ...Object.fromEntries(channels.map((name) => [name, version])) },
    },
    metadata: {},
    run_id: undefined,
    channels: channels.map((name) =>
      name === 'gone'
        ? { channel: name, version, type: 'empty', blob: null }
        : { channel: name, version, type: 'json', blob: Buffer.from(`"${name} ${number}"`) },
    ),
  }
}

test.each([true, false])(
  'a run sees of its thread (new: %s) what it would see if all were stored at once',
  async (isNew) => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { maxLength: 14 }), fc.array(steps, { maxLength: 6 }), async (all, before) => {
        const [threadId, other] = [await newThread(tenant, 'echo'), await newThread(tenant, 'echo')]
        const log = openLog()
        const access = runCheckpoints({ threadId, stored: tenant.checkpoints, log, newThread: isNew, sync: false })
        const earlier = isNew ? [] : before
        await outcomeOf(earlier, threadId, tenant.checkpoints, { first: 0 })
        await outcomeOf(earlier, other, tenant.checkpoints, { first: 0 })
        const seen = await outcomeOf(all, threadId, access, { first: 100, flush: () => log.flush() })
        expect(seen).toEqual(await outcomeOf(all, other, tenant.checkpoints, { first: 100 }))
      }),
      { numRuns: campaign ? 1000 : 40 },
    )
  },
)

test('with durability sync a write is over when it is stored, and another thread is left to the store', async () => {
  const [threadId, other] = [await newThread(tenant, 'echo'), await newThread(tenant, 'echo')]
  const access = runCheckpoints({ threadId, stored: tenant.checkpoints, log: openLog(), newThread: true, sync: true })
  for (const id of [threadId, other]) {
    await access.put(checkpointAfter(undefined, { threadId: id, namespace: '', number: 1, channels: ['text'] }))
    expect(await tenant.checkpoints.newest({ threadId: id, namespace: '' })).toMatchObject({ checkpoint_id: '0001' })
  }
  expect(await access.newest({ threadId: randomUUID(), namespace: '' })).toBeUndefined()
})
