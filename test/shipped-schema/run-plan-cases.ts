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

const thread = ident(anna, 'thread')
const run = ident(anna, 'run')
const agent = ident(anna, 'assistant')
const nothing = ident(anna, 'nothing')
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
  one('apiKeys.usable', [], (_, s) => s.admin.apiKeys.usable('ms_000000000007')),
  one('apiKeys.used', [], (_, s) => s.admin.apiKeys.used({ tenant_id: anna, id: nothing })),
  one('apiKeys.create', [], (t) => t.apiKeys.create({ name: 'new', role: 'user' })),
  one('apiKeys.list', [], (t) => t.apiKeys.list()),
  one('apiKeys.revoke:id', [], (t) => refused(t.apiKeys.revoke(nothing))),
  one('apiKeys.revoke:prefix', [], (t) => refused(t.apiKeys.revoke('ms_nothing'))),
  one('threads.get', [], (t) => t.threads.get(thread)),
  one('threads.create', [], (t) => t.threads.create({})),
  one('threads.create:taken', [], (t) => t.threads.create({ threadId: thread }, 'do_nothing')),
  one('threads.update', [], (t) => t.threads.update(thread, { metadata: { a: 1 } })),
  one('threads.search:created', [], (t) => t.threads.search(page)),
  one('threads.search:updated', [], (t) => t.threads.search({ ...page, sortBy: 'updated_at' })),
  one('threads.search:state', [], (t) => t.threads.search({ ...page, sortBy: 'state_updated_at', sortOrder: 'asc' })),
  one('threads.search:id', [], (t) => t.threads.search({ ...page, sortBy: 'thread_id' })),
  one('threads.search:status', [], (t) => t.threads.search({ ...page, status: 'busy' })),
  one('threads.search:ids', [], (t) => t.threads.search({ ...page, ids: [thread, nothing] })),
  one('threads.search:metadata', [], (t) => t.threads.search({ ...page, metadata: { graph_id: 'echo' } })),
  one('threads.count:all', [], (t) => t.threads.count({})),
  one('threads.count:status', [], (t) => t.threads.count({ status: 'busy' })),
  one('threads.copy', [], (t) => t.threads.copy(thread)),
  one('threads.saveState', [], (t) => t.threads.saveState(thread, { values: {}, next: [], interrupts: {} })),
  one('threads.prune:keep', [], (t) => t.threads.prune([thread, nothing], 'keep_latest')),
  one('threads.prune:delete', [], (t) => t.threads.prune([nothing], 'delete')),
  one('threads.remove', [], async (t) => t.threads.remove((await t.threads.create({})).thread_id)),
  one('runs.create:alone', [], (t) => t.runs.create(wanted)),
  one('runs.create:thread', [], (t) => t.runs.create({ ...wanted, threadId: thread, multitaskStrategy: 'interrupt' })),
  one('runs.create:key', [], (t) => t.runs.create({ ...wanted, key: { scope: 's', key: 'new', fingerprint } })),
  one('runs.createAll', [], (t) => t.runs.createAll([wanted, wanted])),
  one('runs.get', [], (t) => t.runs.get(run, thread)),
  one('runs.list:all', [], (t) => t.runs.list(thread, page)),
  one('runs.list:status', [], (t) => t.runs.list(thread, { ...page, status: 'success' })),
  one('runs.outcome', [], (t) => t.runs.outcome(run, undefined)),
  one('runs.next', [], (t) => t.runs.next(thread, '2020-01-01')),
  one('runs.place:id', [], (t) => t.runs.place(thread, run)),
  one('runs.place:newest', [], (t) => t.runs.place(thread, undefined)),
  one('runs.append', [], (t) => t.runs.append(lost, [{ seq: 9, event: 'values', data: '{}' }])),
  one('runs.end', [], (t) =>
    t.runs.end(lost, { status: 'success', result: {}, error: undefined, state: undefined, events: [], asked: null }),
  ),
  one('runs.cancel', [], (t) => t.runs.cancel(run, thread, 'interrupt')),
  one('runs.cancelMany:some', [], (t) => t.runs.cancelMany({ threadId: thread, runIds: [run, nothing] }, 'interrupt')),
  one('runs.cancelMany:rollback', [], async (t) => {
    const { run_id: runId, thread_id: threadId } = await t.runs.create(wanted)
    await t.runs.cancelMany({ threadId, runIds: [runId] }, 'rollback')
  }),
  one('runs.cancelMany:status', [], (t) => t.runs.cancelMany({ status: 'running' }, 'interrupt')),
  one('runs.delete', [], (t) => t.runs.delete(run, thread)),
  one('runs.removeTemporaryThread', [], (t) => t.runs.removeTemporaryThread(thread)),
  one('runEvents.after', [], (t) => t.runEvents.after(run, -1)),
  one('runEvents.last', [], (t) => t.runEvents.last(run)),
  one('runQueue.claim', [], (_, s) => s.admin.runQueue.claim(by, 5)),
  one('runQueue.takeOver', [], (_, s) => s.admin.runQueue.takeOver(by, 5, { alone: false, except: [run] })),
  one('runQueue.takeOver:alone', [], (_, s) =>
    s.admin.runQueue.takeOver({ ...by, worker: 'x' }, 5, { alone: true, except: [] }),
  ),
  one('runQueue.nextDue', [], (_, s) => s.admin.runQueue.nextDue()),
  one('runQueue.renew', [], (_, s) => s.admin.runQueue.renew(by, [{ tenantId: anna, runId: run }])),
  one('runQueue.release', [], (_, s) => s.admin.runQueue.release('nobody', [{ tenantId: anna, runId: run }])),
  one('crons.create', [], (_, s) => ofCron(s)),
  one('crons.get', [], async (t, s) => t.crons.get(await ofCron(s))),
  one('crons.update', [], async (t, s) => t.crons.update(await ofCron(s), () => details)),
  one('crons.remove', [], async (t, s) => t.crons.remove(await ofCron(s))),
  one('crons.take', [], async (t, s) => t.crons.take(await ofCron(s), 0, undefined)),
  one('crons.search:all', [], (t) => t.crons.search(page)),
  one('crons.search:thread', [], (t) => t.crons.search({ ...page, threadId: thread })),
  one('crons.search:assistant', [], (t) => t.crons.search({ ...page, assistantId: agent })),
  one('crons.count:all', [], (t) => t.crons.count({})),
  one('crons.count:assistant', [], (t) => t.crons.count({ assistantId: agent })),
  one('cronQueue.due', [], (_, s) => s.admin.cronQueue.due(100)),
  one('cronQueue.untilNext', [], (_, s) => s.admin.cronQueue.untilNext()),
  one('outbox.claim', [], (_, s) => s.admin.outbox.claim(5, 60)),
  one('outbox.delivered', [], (_, s) => s.admin.outbox.delivered(delivery)),
  one('outbox.failed', [], (_, s) => s.admin.outbox.failed(delivery, 'no', 60)),
  one('outbox.untilNext', [], (_, s) => s.admin.outbox.untilNext()),
  one('items.get', [], (t) => t.items.get(['users', 'u7'], 'k7')),
  one('items.put', [], (t) => t.items.put({ namespace: ['users', 'u7'], key: 'new', value: {}, ttlMinutes: 5 })),
  one('items.get:prolonged', [], (t) => t.items.get(['users', 'u7'], 'new')),
  one('items.remove', [], (t) => t.items.remove(['users', 'u7'], 'new')),
  one('items.search:namespace', [], (t) => t.items.search({ ...page, prefix: ['users', 'u7'] })),
  one('items.search:filter', [], (t) =>
    t.items.search({ ...page, prefix: ['users', 'u7'], filter: { n: { $gt: 5 } } }),
  ),
  one('items.search:words', [], (t) => t.items.search({ ...page, prefix: ['users', 'u7'], query: 'word' })),
  one('items.namespaces', [], (t) =>
    t.items.namespaces({ ...page, match: [{ side: 'first', labels: ['users', 'u7'] }] }),
  ),
]

/** The sweeps, over all tenants. */
export const sweepPlanCases: readonly PlanCase[] = [
  one('sweepItems', [], (_, s) => sweepItems((work) => s.admin.transaction(work))),
  one('sweepKeys', [], (_, s) => sweepKeys((work) => s.admin.transaction(work))),
  one('sweepThreads', [], (_, s) => sweepThreads((work) => s.admin.transaction(work))),
  one('sweepUndelivered', [], (_, s) => sweepUndelivered((work) => s.admin.transaction(work))),
  one('sweepRunEvents', [], (_, s) => sweepRunEvents((work) => s.admin.transaction(work))),
]
