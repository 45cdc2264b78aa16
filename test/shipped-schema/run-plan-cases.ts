import { createHash } from 'node:crypto'
import {
  type CronDetails,
  sweepItems,
  sweepKeys,
  sweepRunEvents,
  sweepThreads,
  sweepUndelivered,
  type Store,
} from '../../src/store/store.ts'
import { one, type PlanCase, refused } from './plan-case.ts'
import { anna, ident } from './world.ts'

const byId = 'assistants_version|assistants_pkey'
const thread = ident(anna, 'thread')
const run = ident(anna, 'run')
const agent = ident(anna, 'assistant')
const nothing = ident(anna, 'nothing')
const nothingWritten = { events: [], checkpoints: [], writes: [] }
const by = { worker: 'w', leaseSeconds: 60 }
const lost = { runId: run, threadId: thread, attempt: 9, worker: 'nobody' }
const page = { limit: 20, offset: 0 }
const delivery = {
  tenant_id: anna,
  delivery_id: nothing,
  run_id: run,
  created_at: new Date(),
  attempts: 1,
  url: '/hook',
  trace: null,
  body: new Uint8Array(),
}
const fingerprint = createHash('sha256').digest()

const wanted = {
  assistantId: agent,
  threadId: undefined,
  temporary: false,
  ifThreadMissing: 'reject',
  multitaskStrategy: 'enqueue',
  ifThreadStatus: undefined,
  strictResume: false,
  afterSeconds: 0,
  webhook: undefined,
  input: {},
  command: undefined,
  config: {},
  context: {},
  metadata: {},
  options: {},
  userId: undefined,
  claim: undefined,
} as const

const details: CronDetails = {
  schedule: '* * * * *',
  timezone: 'UTC',
  endTime: null,
  enabled: false,
  onRunCompleted: 'delete',
  payload: {},
  metadata: {},
  nextRunDate: null,
}

const ofCron = async (store: Store): Promise<string> => {
  const { cron_id } = await store
    .tenant(anna)
    .crons.create({ ...details, assistantId: agent, threadId: thread, userId: undefined })
  return cron_id
}

/** Every method of the repositories of what is run, of what is remembered, and of what looks after it. */
export const runPlanCases: readonly PlanCase[] = [
  one('apiKeys.usable', ['api_keys_prefix', 'tenants_pkey', 'users_pkey'], (_, s) =>
    s.admin.apiKeys.usable('ms_000000000007'),
  ),
  one('apiKeys.used', 'api_keys_pkey', (_, s) => s.admin.apiKeys.used({ tenant_id: anna, id: nothing })),
  one('apiKeys.create', [], (t) => t.apiKeys.create({ name: 'new', role: 'user' })),
  one('apiKeys.list', 'api_keys_user|api_keys_prefix_unique|api_keys_pkey', (t) => t.apiKeys.list()),
  one('apiKeys.revoke:id', 'api_keys_pkey', (t) => refused(t.apiKeys.revoke(nothing))),
  one('apiKeys.revoke:prefix', 'api_keys_prefix|api_keys_prefix_unique', (t) =>
    refused(t.apiKeys.revoke('ms_nothing')),
  ),
  one('threads.get', 'threads_pkey', (t) => t.threads.get(thread)),
  one('threads.create', [], (t) => t.threads.create({})),
  one('threads.create:taken', 'threads_pkey', (t) => t.threads.create({ threadId: thread }, 'do_nothing')),
  one('threads.update', 'threads_pkey', (t) => t.threads.update(thread, { metadata: { a: 1 } })),
  one('threads.search:created', ['threads_created', 'threads_expires'], (t) => t.threads.search(page)),
  one('threads.search:updated', ['threads_updated', 'threads_expires'], (t) =>
    t.threads.search({ ...page, sortBy: 'updated_at' }),
  ),
  one('threads.search:state', ['threads_state_updated', 'threads_expires'], (t) =>
    t.threads.search({ ...page, sortBy: 'state_updated_at', sortOrder: 'asc' }),
  ),
  one('threads.search:id', ['threads_pkey', 'threads_expires'], (t) =>
    t.threads.search({ ...page, sortBy: 'thread_id' }),
  ),
  one('threads.search:status', 'threads_status', (t) => t.threads.search({ ...page, status: 'busy' })),
  one('threads.search:ids', 'threads_pkey', (t) => t.threads.search({ ...page, ids: [thread, nothing] })),
  one('threads.search:metadata', 'threads_pkey', (t) => t.threads.search({ ...page, metadata: { graph_id: 'echo' } })),
  one('threads.count:all', 'threads_expires', (t) => t.threads.count({})),
  one('threads.count:status', 'threads_status', (t) => t.threads.count({ status: 'busy' })),
  one('threads.copy', ['threads_pkey', 'checkpoints_pkey', 'checkpoint_blobs_pkey', 'checkpoint_writes_pkey'], (t) =>
    t.threads.copy(thread),
  ),
  one('threads.saveState', ['threads_pkey', 'runs_active', 'runs_thread_created'], (t) =>
    t.threads.saveState(thread, { values: {}, next: [], interrupts: {} }),
  ),
  one('threads.prune:keep', ['threads_pkey', 'runs_active'], (t) => t.threads.prune([thread, nothing], 'keep_latest')),
  one('threads.prune:delete', ['threads_pkey', 'runs_active'], (t) => t.threads.prune([nothing], 'delete')),
  one('threads.remove', ['threads_pkey', 'runs_active'], async (t) =>
    t.threads.remove((await t.threads.create({})).thread_id),
  ),
  one('runs.create:alone', [byId, 'runs_thread_created'], (t) => t.runs.create(wanted)),
  one('runs.create:thread', [byId, 'threads_pkey', 'runs_active', 'runs_pkey', 'runs_thread_created'], (t) =>
    t.runs.create({ ...wanted, threadId: thread, multitaskStrategy: 'interrupt' }),
  ),
  one('runs.create:key', ['idempotency_keys_pkey', byId], (t) =>
    t.runs.create({ ...wanted, key: { scope: 's', key: 'new', fingerprint } }),
  ),
  one('runs.create:repeated', ['idempotency_keys_pkey', 'runs_pkey'], (t) =>
    t.runs.create({ ...wanted, key: { scope: 's', key: 'new', fingerprint } }),
  ),
  one('runs.createAll', [byId, 'runs_thread_created'], (t) => t.runs.createAll([wanted, wanted])),
  one('runs.get', 'runs_pkey', (t) => t.runs.get(run, thread)),
  one('runs.list:all', ['threads_pkey', 'runs_thread_created'], (t) => t.runs.list(thread, page)),
  one('runs.list:status', ['threads_pkey', 'runs_thread_created'], (t) =>
    t.runs.list(thread, { ...page, status: 'success' }),
  ),
  one('runs.outcome', 'runs_pkey', (t) => t.runs.outcome(run, undefined)),
  one('runs.next', 'runs_thread_created', (t) => t.runs.next(thread, '2020-01-01')),
  one('runs.place:id', 'runs_pkey', (t) => t.runs.place(thread, run)),
  one('runs.place:newest', 'runs_thread_created', (t) => t.runs.place(thread, undefined)),
  one('stateUpdates.next', 'checkpoints_updates', (t) =>
    t.stateUpdates.next(thread, { place: '2020-01-01', checkpoint_id: 'x' }),
  ),
  one('stateUpdates.next:run', 'checkpoints_updates', (t) => t.stateUpdates.next(thread, { place: '2020-01-01' })),
  one('stateUpdates.place:newest', 'checkpoints_updates', (t) => t.stateUpdates.place(thread, undefined)),
  one('stateUpdates.place:id', 'checkpoints_updates|checkpoints_pkey', (t) => t.stateUpdates.place(thread, 'x')),
  one('runs.append:checkpoints', 'runs_pkey', (t) => t.runs.append(lost, nothingWritten)),
  one('runs.append', 'runs_pkey', (t) =>
    t.runs.append(lost, { ...nothingWritten, events: [{ seq: 9, event: 'values', data: '{}' }] }),
  ),
  one('runs.end', ['threads_pkey', 'runs_pkey', 'runs_active'], (t) =>
    t.runs.end(lost, {
      status: 'success',
      result: {},
      error: undefined,
      state: undefined,
      writes: nothingWritten,
      tellsWebhook: false,
      asked: null,
      trace: undefined,
    }),
  ),
  one('runs.cancel', ['runs_pkey', 'threads_pkey'], (t) => t.runs.cancel(run, thread, 'interrupt')),
  one('runs.cancelMany:some', ['runs_pkey', 'threads_pkey'], (t) =>
    t.runs.cancelMany({ threadId: thread, runIds: [run, nothing] }, 'interrupt'),
  ),
  one(
    'runs.cancelMany:rollback',
    ['runs_pkey', 'checkpoints_run', 'checkpoint_writes_pkey', 'checkpoint_blobs_pkey'],
    async (t) => {
      const { run_id: runId, thread_id: threadId } = await t.runs.create(wanted)
      await t.runs.cancelMany({ threadId, runIds: [runId] }, 'rollback')
    },
  ),
  one('runs.cancelMany:status', ['runs_lease|runs_active', 'runs_pkey'], (t) =>
    t.runs.cancelMany({ status: 'running' }, 'interrupt'),
  ),
  one('runs.delete', ['threads_pkey', 'runs_pkey', 'runs_active'], (t) => t.runs.delete(run, thread)),
  one('runs.removeTemporaryThreads', ['threads_pkey', 'runs_thread_created'], (t) =>
    t.runs.removeTemporaryThreads([thread]),
  ),
  one('runEvents.after', ['runs_pkey', 'run_events_default_pkey'], (t) => t.runEvents.after(run, -1)),
  one('runEvents.last', 'run_events_default_pkey', (t) => t.runEvents.last(run)),
  one('runQueue.claim', ['runs_pending', 'runs_active', 'run_events_default_pkey'], (_, s) =>
    s.admin.runQueue.claim(by, 5),
  ),
  one('runQueue.takeOver', ['runs_lease', 'run_events_default_pkey'], (_, s) =>
    s.admin.runQueue.takeOver(by, 5, { alone: false, except: [run] }),
  ),
  one('runQueue.takeOver:alone', 'runs_lease|runs_running_unique', (_, s) =>
    s.admin.runQueue.takeOver({ ...by, worker: 'x' }, 5, { alone: true, except: [] }),
  ),
  one('runQueue.nextDue', 'runs_pending', (_, s) => s.admin.runQueue.nextDue()),
  one('runQueue.renew', 'runs_pkey', (_, s) => s.admin.runQueue.renew(by, [{ tenantId: anna, runId: run }])),
  one('runQueue.release', 'runs_pkey', (_, s) => s.admin.runQueue.release('nobody', [{ tenantId: anna, runId: run }])),
  one('crons.create', [byId, 'threads_pkey'], (_, s) => ofCron(s)),
  one('crons.get', 'crons_pkey', async (t, s) => t.crons.get(await ofCron(s))),
  one('crons.update', 'crons_pkey', async (t, s) => t.crons.update(await ofCron(s), () => details)),
  one('crons.remove', 'crons_pkey', async (t, s) => t.crons.remove(await ofCron(s))),
  one('crons.take', 'crons_pkey', async (t, s) => t.crons.take(await ofCron(s), 0, undefined)),
  one('crons.search:all', 'crons_created', (t) => t.crons.search(page)),
  one('crons.search:thread', 'crons_thread', (t) => t.crons.search({ ...page, threadId: thread })),
  one('crons.search:assistant', 'crons_assistant', (t) => t.crons.search({ ...page, assistantId: agent })),
  one('crons.count:all', 'crons_user|crons_thread|crons_assistant|crons_created|crons_pkey', (t) => t.crons.count({})),
  one('crons.count:assistant', 'crons_assistant', (t) => t.crons.count({ assistantId: agent })),
  one('cronQueue.due', 'crons_next_run', (_, s) => s.admin.cronQueue.due(100)),
  one('cronQueue.untilNext', 'crons_next_run', (_, s) => s.admin.cronQueue.untilNext()),
  one('outbox.claim', ['outbox_due', 'outbox_pkey'], (_, s) => s.admin.outbox.claim(5, 60)),
  one('outbox.delivered', 'outbox_pkey', (_, s) => s.admin.outbox.delivered(delivery)),
  one('outbox.failed', 'outbox_pkey', (_, s) => s.admin.outbox.failed(delivery, 'no', 60)),
  one('outbox.untilNext', 'outbox_due', (_, s) => s.admin.outbox.untilNext()),
  one('items.get', 'store_items_pkey', (t) => t.items.get(['users', 'u7'], 'k7')),
  one('items.put', [], (t) => t.items.put({ namespace: ['users', 'u7'], key: 'new', value: {}, ttlMinutes: 5 })),
  one('items.get:prolonged', 'store_items_pkey', (t) => t.items.get(['users', 'u7'], 'new')),
  one('items.remove', 'store_items_pkey', (t) => t.items.remove(['users', 'u7'], 'new')),
  one('items.search:namespace', 'store_items_pkey', (t) => t.items.search({ ...page, prefix: ['users', 'u7'] })),
  one('items.search:filter', 'store_items_pkey', (t) =>
    t.items.search({ ...page, prefix: ['users', 'u7'], filter: { n: { $gt: 5 } } }),
  ),
  one('items.search:words', 'store_items_pkey', (t) =>
    t.items.search({ ...page, prefix: ['users', 'u7'], query: 'word' }),
  ),
  one('items.namespaces', 'store_items_pkey', (t) =>
    t.items.namespaces({ ...page, match: [{ side: 'first', labels: ['users', 'u7'] }] }),
  ),
]

/** The sweeps, over all tenants. */
export const sweepPlanCases: readonly PlanCase[] = [
  {
    ...one('sweepItems', 'store_items_expires', (_, s) => sweepItems(s.admin.transaction)),
    mayScan: 'store_items',
  },
  {
    ...one('sweepKeys', 'idempotency_keys_expires', (_, s) => sweepKeys(s.admin.transaction)),
    mayScan: 'idempotency_keys',
  },
  one('sweepThreads', ['threads_expires', 'runs_active', 'threads_pkey'], (_, s) => sweepThreads(s.admin.transaction)),
  {
    ...one('sweepUndelivered', 'outbox_done', (_, s) => sweepUndelivered(s.admin.transaction)),
    mayScan: 'outbox',
  },
  one('sweepRunEvents', [], (_, s) => sweepRunEvents(s.admin.transaction)),
]
