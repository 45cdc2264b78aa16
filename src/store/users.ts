import { sql } from '../database/database.ts'
import { type Changes, changes, given } from './changes.ts'
import { invalid, notFound } from './failures.ts'
import { type Page, type Paged, readPage } from './page.ts'
import { hashPassword, isPassword } from './password.ts'
import { explaining } from './refusals.ts'
import type { UsersRow } from './rows.ts'
import type { Run } from './runs/run.ts'
import type { StoreTransaction } from './store-transaction.ts'

/** Somebody who uses, helps or administers the assistants of a tenant. */
export type User = Omit<UsersRow, 'tenant_id'>

/** What somebody may do. */
export type Role = 'admin' | 'supporter' | 'user'

/** A user who is to be added. */
export interface NewUser {
  readonly email: string
  readonly username?: string | null | undefined
  readonly name?: string | null | undefined
  readonly role?: Role | undefined
  readonly password?: string | undefined
}

/** What of a user is to be changed. */
export interface UserChange extends Changes<NewUser> {
  readonly is_active?: boolean | undefined
}

/** The users of a tenant, and how they prove who they are. */
export interface Users {
  /** Throws `request_invalid` for an address that is taken. */
  create(user: NewUser): Promise<User>
  /** Throws `not_found`. */
  get(id: string): Promise<User>
  /** By e-mail address. */
  list(page: Page): Promise<Paged<User>>
  /** Throws `not_found`. */
  update(id: string, change: UserChange): Promise<User>
  /** The active user with this address and password. */
  withPassword(email: string, password: string): Promise<User | undefined>
}

const columns = sql`id, created_at, updated_at, is_active, email, username, name, role`

/** The users that transactions of `run` see. */
export function users(run: Run): Users {
  return {
    async create(user) {
      // Before the transaction: hashing takes long on purpose.
      const hash = user.password === undefined ? undefined : await hashPassword(user.password)
      return run((tx) => create(tx, user, hash))
    },
    get: (id) =>
      run(async (tx) => {
        const found = await tx.first<User>(sql`select ${columns} from users where id = ${id}`)
        if (found === undefined) throw notFound('user', id)
        return found
      }),
    list: (page) =>
      run((tx) =>
        readPage<User>(
          tx,
          page,
          {
            select: (limit) => sql`
              select ${columns} from users
              ${page.after === undefined ? sql`` : sql`where email > (select email from users where id = ${page.after})`}
              order by email
              limit ${limit}`,
            cursor: (after) => sql`select from users where id = ${after}`,
          },
          (row) => row.id,
        ),
      ),
    async update(id, change) {
      const hash = change.password === undefined ? undefined : await hashPassword(change.password)
      return run((tx) => update(tx, id, change, hash))
    },
    async withPassword(email, password) {
      const found = await run((tx) =>
        tx.first<User & { password_hash: string | null }>(sql`
          select u.id, u.created_at, u.updated_at, u.is_active, u.email, u.username, u.name, u.role, i.password_hash
          from identities i join users u on u.tenant_id = i.tenant_id and u.id = i.user_id
          where i.provider = 'password' and i.provider_subject = ${email.toLowerCase()} and u.is_active`),
      )
      // As much work for an address that nobody has, so that the time tells nothing.
      if (!(await isPassword(password, found?.password_hash ?? undefined)) || found === undefined) return undefined
      const { password_hash: _, ...user } = found
      return user
    },
  }
}

const refusals = {
  users_email_unique: () => invalid('email', 'Another user has this address.'),
  users_email_check: () => invalid('email', 'This is no address.'),
  identities_provider_subject_unique: () => invalid('email', 'Another user signs in with this address.'),
}

function create(tx: StoreTransaction, user: NewUser, hash: string | undefined): Promise<User> {
  const email = user.email.toLowerCase()
  return explaining(refusals, async () => {
    const [made] = await tx.query<User>(sql`
      insert into users (tenant_id, email, username, name, role)
      values (${tx.tenantId}, ${email}, ${user.username ?? null}, ${user.name ?? null}, ${user.role ?? 'user'})
      returning ${columns}`)
    const { id } = made as User
    if (hash !== undefined) await setPassword(tx, id, email, hash)
    return made as User
  })
}

function update(tx: StoreTransaction, id: string, change: UserChange, hash: string | undefined): Promise<User> {
  const { username, name, role, is_active } = change
  const email = change.email?.toLowerCase()
  return explaining(refusals, async () => {
    const [changed] = await tx.query<User>(sql`
      update users set ${changes({
        email: given(email),
        username: given(username),
        name: given(name),
        role: given(role),
        is_active: given(is_active),
      })}
      where id = ${id} returning ${columns}`)
    if (changed === undefined) throw notFound('user', id)
    if (email !== undefined) {
      await tx.execute(
        sql`update identities set provider_subject = ${email} where user_id = ${id} and provider = 'password'`,
      )
    }
    if (hash !== undefined) await setPassword(tx, id, changed.email, hash)
    return changed
  })
}

async function setPassword(tx: StoreTransaction, userId: string, email: string, hash: string): Promise<void> {
  const set = await tx.execute(
    sql`update identities set password_hash = ${hash} where user_id = ${userId} and provider = 'password'`,
  )
  if (set > 0) return
  await tx.execute(sql`
    insert into identities (tenant_id, user_id, provider, provider_subject, password_hash)
    values (${tx.tenantId}, ${userId}, 'password', ${email}, ${hash})`)
}
