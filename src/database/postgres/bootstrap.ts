import { setTimeout as sleep } from 'node:timers/promises'
import { MetastoreError } from '../../errors.ts'
import type { DatabaseTarget, OpenOptions, PostgresTarget } from '../driver.ts'
import { DatabaseError, failedBecause } from '../failure.ts'
import { id, literal, raw, type Sql, sql } from '../sql.ts'
import { parseDatabaseUrl } from '../url.ts'
import { canceled } from './canceled.ts'
import { Channel } from './channel.ts'
import { connect } from './connect.ts'
import { type Run, runQuery } from './statements.ts'
import { scramVerifier } from './scram.ts'
import { withDatabase } from './url.ts'

/**
 * Creates the role and the database of a URL where they are missing, after `refusal` of a connection. Any number of
 * processes may do so at once. Returns whether it has tried, so that connecting again is worth it.
 */
export async function bootstrap(target: PostgresTarget, refusal: unknown, options: OpenOptions): Promise<boolean> {
  if (options.bootstrap === undefined || !(refusal instanceof DatabaseError)) return false
  const { adminUrl } = options.bootstrap
  const noDatabase = refusal.engineCode === '3D000'
  const noRole = refusal.engineCode === '28P01' || refusal.engineCode === '28000'
  if (!noDatabase && !(noRole && adminUrl !== undefined)) return false

  const { run, close } = await connectAsAdmin(target, adminUrl, options)
  try {
    if (adminUrl !== undefined) await createRole(run, target, options)
    await createDatabase(run, target, options)
    // Also when nothing was missing any more: another process may have created it since the refusal.
    return true
  } finally {
    await close()
  }
}

async function connectAsAdmin(
  target: PostgresTarget,
  adminUrl: string | undefined,
  { signal }: OpenOptions,
): Promise<{ run: Run; close: () => Promise<void> }> {
  const admin = adminUrl === undefined ? undefined : postgresOnly(parseDatabaseUrl(adminUrl))
  const tries = admin === undefined ? [withDatabase(target, 'postgres'), withDatabase(target, 'template1')] : [admin]
  for (const [index, each] of tries.entries()) {
    try {
      const { client, settings } = await connect(each, { signal })
      const channel = new Channel(client, settings, { signal })
      return { run: (exchange, text) => channel.run(exchange, text), close: () => channel.close() }
    } catch (error) {
      if (index === tries.length - 1 || !failedBecause(error, 'missing_object', 'permission')) throw error
    }
  }
  throw new Error('There is no database to connect to.')
}

async function createRole(run: Run, { user, password }: PostgresTarget, options: OpenOptions): Promise<void> {
  if (user === undefined) return
  const found = await runQuery(run, sql`select from pg_roles where rolname = ${user}`)
  if (found.length > 0) return
  const secret = password === undefined ? raw('') : sql` password ${literal(scramVerifier(password))}`
  await create(run, sql`create role ${id(user)} login${secret}`, `Created the role ${user}.`, options)
}

async function createDatabase(run: Run, { user, database }: PostgresTarget, options: OpenOptions): Promise<void> {
  const found = await runQuery(run, sql`select from pg_database where datname = ${database}`)
  if (found.length > 0) return
  const owner = user === undefined ? raw('') : sql` owner ${id(user)}`
  const statement = sql`create database ${id(database)}${owner}`
  const notice = `Created the database ${database}.`
  let refusal: unknown
  try {
    return await create(run, statement, notice, options)
  } catch (error) {
    // Only a superuser may give a database to a role that it is not a member of.
    if (user === undefined || !failedBecause(error, 'permission')) throw mayNotCreate(error, database)
    refusal = error
  }
  // A membership that was there before must not be taken away afterwards. From version 16 on, each grantor has his own.
  const lent = await runQuery(
    run,
    sql`
      select from pg_auth_members
      where roleid = (select oid from pg_roles where rolname = ${user}) and member = current_user::regrole
        and (grantor = current_user::regrole or current_setting('server_version_num')::int < 160000)`,
  )
  if (lent.length > 0) throw mayNotCreate(refusal, database)
  try {
    await runQuery(run, sql`grant ${id(user)} to current_user`)
    return await create(run, statement, notice, options)
  } catch (error) {
    throw mayNotCreate(failedBecause(error, 'permission') ? refusal : error, database)
  } finally {
    await runQuery(run, sql`revoke ${id(user)} from current_user`).catch(() => {})
  }
}

/** Runs a statement that creates something, unless another process is just creating it. */
async function create(run: Run, statement: Sql, notice: string, { progress, signal }: OpenOptions): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await runQuery(run, statement)
      progress?.({ kind: 'notice', message: notice })
      return
    } catch (error) {
      // Two at the same moment collide in the catalog's unique index rather than in the check that comes before it.
      const there =
        error instanceof DatabaseError && (error.reason === 'duplicate_object' || error.engineCode === '23505')
      if (there) return
      // `create database` copies a template, which nobody may be connected to meanwhile.
      if (attempt === 50 || !failedBecause(error, 'busy')) throw error
      await sleep(50 + Math.random() * 100, undefined, { signal }).catch((cause: unknown) => {
        throw canceled(undefined, cause)
      })
    }
  }
}

function postgresOnly(target: DatabaseTarget): PostgresTarget {
  if (target.driver === 'postgres') return target
  throw new MetastoreError({
    code: 'url_invalid',
    message: 'The admin URL is not the URL of a PostgreSQL server.',
    where: target.address,
    remedy: 'Give one that begins with postgres:, of a role that may create roles and databases.',
  })
}

function mayNotCreate(error: unknown, database: string): unknown {
  if (!failedBecause(error, 'permission')) return error
  return new DatabaseError({
    ...error,
    code: 'connection_failed',
    message: `The database ${database} does not exist, and this role may not create it.`,
    remedy: 'Give admin_url the URL of a role that may create roles and databases, or create the database by hand.',
    details: [`The server says: ${error.message}`],
    cause: error.cause,
  })
}
