import { sql } from '../database/database.ts'
import { invalid, notFound } from './failures.ts'
import { type Page, type Paged, readPage } from './page.ts'
import { explaining } from './refusals.ts'
import type { ThreadsRow } from './rows.ts'
import type { Run } from './runs/run.ts'
import { json } from './values.ts'

/** A thread as those see it who chat in it: without the state that runs keep. */
export type Session = Pick<
  ThreadsRow,
  | 'thread_id'
  | 'user_id'
  | 'assistant_id'
  | 'created_at'
  | 'updated_at'
  | 'last_message_at'
  | 'status'
  | 'title'
  | 'reference'
  | 'agent_type'
  | 'model'
  | 'provider'
  | 'metadata'
>

/** What a new session may say of itself. */
export type NewSession = Partial<
  Pick<Session, 'user_id' | 'assistant_id' | 'title' | 'reference' | 'agent_type' | 'model' | 'provider' | 'metadata'>
>

/** Whose sessions somebody may see: everybody's, or those of one user; null stands for people who are not known. */
export type Owner = { readonly userId: string | null } | 'anybody'

/** The chats of a tenant. */
export interface Sessions {
  create(session: NewSession): Promise<Session>
  /** By its id, if the owner may see it. Throws `not_found`. */
  get(threadId: string, owner: Owner): Promise<Session>
  /** The newest first. */
  list(owner: Owner, page: Page): Promise<Paged<Session>>
}

const columns = sql`
  thread_id, user_id, assistant_id, created_at, updated_at, last_message_at, status, title, reference, agent_type, model,
  provider, metadata`

/** The sessions that transactions of `run` see. What has expired is not there, swept or not. */
export function sessions(run: Run): Sessions {
  return {
    create: (session) =>
      run((tx) =>
        explaining(refusals, async () => {
          const { user_id, assistant_id, title, reference, agent_type, model, provider, metadata } = session
          const [made] = await tx.query<Session>(sql`
            insert into threads
              (tenant_id, user_id, assistant_id, title, reference, agent_type, model, provider, metadata)
            values (
              ${tx.tenantId}, ${user_id ?? null}, ${assistant_id ?? null}, ${title ?? null}, ${reference ?? null},
              ${agent_type ?? null}, ${model ?? null}, ${provider ?? null}, ${json(metadata ?? {})})
            returning ${columns}`)
          return made as Session
        }),
      ),
    get: (threadId, owner) =>
      run(async (tx) => {
        const found = await tx.first<Session>(sql`
          select ${columns} from threads where thread_id = ${threadId} and ${visible(owner)}`)
        if (found === undefined) throw notFound('session', threadId)
        return found
      }),
    list: (owner, page) =>
      run((tx) =>
        readPage<Session>(
          tx,
          page,
          {
            select: (limit) => sql`
              select ${columns} from threads
              where ${visible(owner)} ${
                page.after === undefined
                  ? sql``
                  : sql`and (created_at, thread_id) <
                      (select created_at, thread_id from threads where thread_id = ${page.after})`
              }
              order by created_at desc, thread_id desc
              limit ${limit}`,
            cursor: (after) => sql`select from threads where thread_id = ${after} and ${visible(owner)}`,
          },
          (row) => row.thread_id,
        ),
      ),
  }
}

const refusals = {
  threads_reference_unique: () => invalid('reference', 'The user has a thread with this reference already.'),
  threads_assistant_id_exists: () => invalid('assistant_id', 'There is no such assistant.'),
}

function visible(owner: Owner) {
  const alive = sql`(expires_at is null or expires_at > now())`
  if (owner === 'anybody') return alive
  if (owner.userId === null) return sql`user_id is null and ${alive}`
  return sql`user_id = ${owner.userId} and ${alive}`
}
