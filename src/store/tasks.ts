import { sql } from '../database/database.ts'
import { conflict, notFound } from './failures.ts'
import { type Page, type Paged, readPage } from './page.ts'
import { explaining } from './refusals.ts'
import type { TasksRow } from './rows.ts'
import type { Run } from './runs/run.ts'
import { json, type JsonObject } from './values.ts'

/** Work that is done later, by whoever takes it. */
export type Task = TasksRow

/** Where a task stands: `dead` has failed as often as it may. */
export type TaskStatus = 'pending' | 'running' | 'done' | 'dead' | 'cancelled'

/** A task that is to be added. */
export interface NewTask {
  readonly type: string
  readonly payload?: JsonObject
  readonly thread_id?: string | null
  /** Not before; now, if it is not given. */
  readonly scheduled_for?: Date
  readonly max_attempts?: number
}

/** The tasks of a tenant. The queue that workers take them from is `TaskQueue`. */
export interface Tasks {
  add(task: NewTask): Promise<Task>
  /** Throws `not_found`. */
  get(id: string): Promise<Task>
  /** Those with a status, the ones that are due first at the top. */
  list(status: TaskStatus, page: Page): Promise<Paged<Task>>
  /** Throws `not_found`, `conflict` for a task that is done. */
  cancel(id: string): Promise<void>
  /** Lets a dead task begin anew. Throws `not_found`, `conflict` for a task that is not dead. */
  revive(id: string): Promise<void>
}

/** The columns of a task, as a worker and its tenant read it. */
export const taskColumns = sql`
  tasks.tenant_id, tasks.id, tasks.thread_id, tasks.created_at, tasks.updated_at, tasks.scheduled_for, tasks.lease_until,
  tasks.started_at, tasks.completed_at, tasks.attempts, tasks.max_attempts, tasks.type, tasks.status, tasks.claimed_by,
  tasks.last_error, tasks.payload`

/** The tasks that transactions of `run` see. */
export function tasks(run: Run): Tasks {
  const change = (id: string, to: 'cancelled' | 'pending') =>
    run(async (tx) => {
      const task = await tx.first<{ status: string }>(sql`select status from tasks where id = ${id} for update`)
      if (task === undefined) throw notFound('task', id)
      const refused = () =>
        conflict(`A task that is ${task.status} cannot become ${to}.`, 'Look at its status before you change it.')
      // Giving back a running task is for its worker, and is no new beginning.
      if (to === 'pending' && task.status !== 'dead') throw refused()
      await explaining({ tasks_status_transition: refused }, () =>
        tx.execute(sql`
          update tasks set status = ${to}, claimed_by = null, lease_until = null,
            completed_at = ${to === 'pending' ? sql`null` : sql`now()`}
            ${to === 'pending' ? sql`, attempts = 0, scheduled_for = now()` : sql``}
          where id = ${id}`),
      )
    })
  return {
    add: (task) =>
      run((tx) =>
        explaining({ tasks_tenant_id_thread_id_fkey: () => notFound('thread', task.thread_id ?? '') }, async () => {
          const [made] = await tx.query<Task>(sql`
            insert into tasks (tenant_id, thread_id, scheduled_for, max_attempts, type, payload)
            values (
              ${tx.tenantId}, ${task.thread_id ?? null}, coalesce(${task.scheduled_for ?? null}, now()),
              ${task.max_attempts ?? 5}, ${task.type}, ${json(task.payload ?? {})})
            returning ${taskColumns}`)
          return made as Task
        }),
      ),
    get: (id) =>
      run(async (tx) => {
        const found = await tx.first<Task>(sql`select ${taskColumns} from tasks where id = ${id}`)
        if (found === undefined) throw notFound('task', id)
        return found
      }),
    list: (status, page) =>
      run((tx) =>
        readPage<Task>(
          tx,
          page,
          {
            select: (limit) => sql`
              select ${taskColumns} from tasks
              where status = ${status} ${
                page.after === undefined
                  ? sql``
                  : sql`and (scheduled_for, id) > (select scheduled_for, id from tasks where id = ${page.after})`
              }
              order by scheduled_for, id
              limit ${limit}`,
            cursor: (after) => sql`select from tasks where id = ${after}`,
          },
          (row) => row.id,
        ),
      ),
    cancel: (id) => change(id, 'cancelled'),
    revive: (id) => change(id, 'pending'),
  }
}
