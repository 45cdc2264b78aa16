import { sql, type Sql } from '../database/database.ts'
import { conflict } from './failures.ts'
import type { Run } from './runs/run.ts'
import { type Task, taskColumns } from './tasks.ts'
import type { StoreTransaction } from './store-transaction.ts'
import { json, type JsonObject, texts } from './values.ts'

/** Who takes tasks, which, and for how long. */
export interface TaskClaim {
  /** The name of the worker. */
  readonly worker: string
  /** At most so many. */
  readonly limit: number
  /** Milliseconds after which a task that is not renewed is given back. */
  readonly lease: number
  /** Only tasks of these types. */
  readonly types?: readonly string[] | undefined
}

/** A task that a worker has: the attempt tells it from one who had the task before. */
export type ClaimedTask = Pick<Task, 'tenant_id' | 'id' | 'attempts' | 'claimed_by'>

/** The tasks of all tenants, as workers take them: each by one worker at a time. */
export interface TaskQueue {
  /** Takes tasks that are due, those that have waited longest first; nobody waits for those whom others take. */
  claim(claim: TaskClaim): Promise<Task[]>
  /** Keeps a task for longer, in milliseconds from now. Throws `conflict` when the worker has lost it. */
  renew(task: ClaimedTask, lease: number): Promise<void>
  /** Throws `conflict` when the worker has lost it. */
  complete(task: ClaimedTask, result?: JsonObject): Promise<void>
  /** Gives a task back, to be tried later, or lets it be dead. Throws `conflict` when the worker has lost it. */
  fail(task: ClaimedTask, error: string): Promise<'pending' | 'dead'>
  /** Gives back, or lets be dead, what workers had who are gone. Gives how many there were. */
  giveBackExpired(limit: number): Promise<number>
}

// 1 s, 2 s, 4 s and so on up to an hour, and up to a quarter more, so that what failed together does not come back together.
const later = sql`now() + make_interval(secs => least(power(2, least(attempts - 1, 12)), 3600) * (1 + random() / 4))`
const givenBack = sql`
  status = case when attempts < max_attempts then 'pending' else 'dead' end,
  scheduled_for = case when attempts < max_attempts then ${later} else scheduled_for end,
  completed_at = case when attempts < max_attempts then null else now() end,
  claimed_by = null, lease_until = null`

/** The queue of a store; only for work across tenants. */
export function taskQueue(run: Run): TaskQueue {
  return {
    claim: ({ worker, limit, lease, types }) =>
      run((tx) =>
        tx.query<Task>(sql`
          with due as (
            select tenant_id, id from tasks
            where status = 'pending' and scheduled_for <= now()
              ${types === undefined ? sql`` : sql`and type = any (${texts(types)})`}
            order by scheduled_for, id
            limit ${limit}
            for update skip locked
          )
          update tasks set status = 'running', attempts = attempts + 1, claimed_by = ${worker},
            started_at = coalesce(started_at, now()), lease_until = now() + ${milliseconds(lease)}
          from due where tasks.tenant_id = due.tenant_id and tasks.id = due.id
          returning ${taskColumns}`),
      ),
    renew: (task, lease) =>
      run(async (tx) => {
        assertHeld(
          await tx.execute(sql`
          update tasks set lease_until = now() + ${milliseconds(lease)} where ${held(task)}`),
        )
      }),
    complete: (task, result) =>
      run(async (tx) => {
        assertHeld(
          await tx.execute(sql`
          update tasks set status = 'done', completed_at = now(), claimed_by = null, lease_until = null, last_error = null
            ${result === undefined ? sql`` : sql`, payload = payload || ${json({ result })}`}
          where ${held(task)}`),
        )
      }),
    fail: (task, error) => run((tx) => fail(tx, task, error)),
    giveBackExpired: (limit) =>
      run((tx) =>
        tx.execute(sql`
          with expired as (
            select tenant_id, id from tasks where status = 'running' and lease_until < now()
            order by lease_until limit ${limit} for update skip locked
          )
          update tasks set ${givenBack}, last_error = 'The worker was gone before the task was done.'
          from expired where tasks.tenant_id = expired.tenant_id and tasks.id = expired.id`),
      ),
  }
}

async function fail(tx: StoreTransaction, task: ClaimedTask, error: string): Promise<'pending' | 'dead'> {
  const row = await tx.first<{ status: 'pending' | 'dead' }>(sql`
    update tasks set ${givenBack}, last_error = ${error.replaceAll('\0', '')} where ${held(task)} returning status`)
  if (row === undefined) throw lost()
  return row.status
}

function held({ tenant_id: tenantId, id, attempts, claimed_by: worker }: ClaimedTask): Sql {
  return sql`
    tenant_id = ${tenantId} and id = ${id} and status = 'running' and claimed_by = ${worker} and attempts = ${attempts}`
}

function assertHeld(changed: number): void {
  if (changed === 0) throw lost()
}

function lost(): Error {
  return conflict(
    'The worker has lost the task.',
    'Drop what was done: another worker has the task, or it was cancelled.',
  )
}

function milliseconds(value: number): Sql {
  return sql`make_interval(secs => ${value / 1000}::double precision)`
}
