import type { Progress } from '../progress.ts'
import type { Dialect, Sql } from './sql.ts'

/** What the engine may rely on; it asks here and never by a driver's name. */
export interface Features {
  /** Several sessions at once; without it every `session()` is the same one, and its callers take turns. */
  readonly manySessions: boolean
  /** Namespaces inside a database, so that bookkeeping has a schema of its own. */
  readonly schemas: boolean
  /** Indexes that are built and dropped without blocking writers. */
  readonly concurrentIndexes: boolean
  /** `lock_timeout` is honoured, so a statement never queues behind a busy table for longer. */
  readonly lockTimeout: boolean
  /** The server can be asked to stop a statement; without it the process that runs the database is ended. */
  readonly cancelOnServer: boolean
  /** Roles, grants and row-level security. */
  readonly roles: boolean
}

/** Why a database refused or broke off a statement, whatever the engine's own number for it. */
export type FailureReason =
  | 'lock_timeout'
  | 'deadlock'
  | 'serialization'
  | 'busy'
  | 'canceled'
  | 'connection_lost'
  | 'stale_plan'
  | 'missing_object'
  | 'duplicate_object'
  | 'constraint'
  | 'syntax'
  | 'permission'
  | 'other'

/** What runs statements: a session, or a transaction in one. */
export interface Queryable {
  /**
   * Runs one statement with bound parameters and returns its rows. Integers beyond 2^53 come as bigint, numeric as string,
   * json as parsed values, timestamps as Date on PostgreSQL and as stored on SQLite, bytes as Uint8Array.
   * Throws DatabaseError.
   */
  query<Row extends object = Record<string, unknown>>(statement: Sql): Promise<Row[]>
  /** Runs one statement with bound parameters and returns how many rows it inserted, changed, removed or gave. Throws DatabaseError. */
  execute(statement: Sql): Promise<number>
  /**
   * Runs a script of any number of statements as its author wrote it, in one round trip where the engine can.
   * Throws DatabaseError whose `position` counts from the start of the script.
   */
  script(text: string): Promise<void>
  /**
   * Runs statements with bound parameters one after the other, all or none, in one round trip where the engine can. Returns the
   * rows of each, of the types that are named: `together<[Thread, Run]>([one, other])`. None is a COPY. Throws DatabaseError.
   */
  together<Each extends readonly object[] = readonly Record<string, unknown>[]>(
    statements: readonly Sql[],
  ): Promise<RowsOfEach<Each>>
  /** Reads rows in batches of `batchSize` (default 1,000), so that a large result is never held in memory at once. */
  stream<Row extends object = Record<string, unknown>>(
    statement: Sql,
    options?: { readonly batchSize?: number },
  ): AsyncIterable<Row>
  /** Writes rows by the engine's fastest route (COPY on PostgreSQL) and returns how many. A failure writes none of them. */
  load(target: LoadTarget, rows: LoadRows): Promise<number>
}

/** A list of rows for each type of row. */
export type RowsOfEach<Each extends readonly object[]> = { -readonly [Index in keyof Each]: Each[Index][] }

/** The table and columns that `load` fills; `table` is a path such as `['public', 'messages']`. */
export interface LoadTarget {
  readonly table: readonly string[]
  readonly columns: readonly string[]
}

/** One row for `load`, in the order of its target's columns. Objects and arrays are written as JSON. */
export type LoadRow = readonly unknown[]

/** The rows for `load`. An asynchronous source gives lists of them: a turn for each row would cost as much as the row. */
export type LoadRows = Iterable<LoadRow> | AsyncIterable<readonly LoadRow[]>

/** A transaction under way. */
export interface Transaction extends Queryable {
  /** Adds a statement that runs right before COMMIT, in the same round trip. */
  beforeCommit(statement: Sql): void
  /**
   * Runs one statement with bound parameters as the last and returns its rows; where the engine can, it is committed in the same
   * round trip. Nothing may be run after it. Throws DatabaseError.
   */
  last<Row extends object = Record<string, unknown>>(statement: Sql): Promise<Row[]>
}

/** How a transaction runs. */
export interface TransactionOptions {
  /** Milliseconds that a statement may wait for a lock; by default the session's own setting. */
  readonly lockTimeout?: number
  /** Undo what earlier scripts did to the session's settings and role (`SET search_path` and the like) first. */
  readonly resetSession?: boolean
  /** A statement that begins it, in the round trip of the first that follows where the engine can. */
  readonly opening?: Sql | undefined
}

/**
 * One connection, held until it is closed. Calls take turns in the order they were made; during a transaction of it, only the
 * transaction may be used.
 */
export interface Session extends Queryable, AsyncDisposable {
  /** Whether its connection is known to be gone. */
  readonly lost: boolean
  /** Runs `work` in a transaction: commits when it returns, rolls back when it throws. */
  transaction<T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>
  /** Ends the connection. What was not committed is rolled back. Never throws. */
  close(): Promise<void>
}

/** How a session works. */
export interface SessionOptions {
  /** Cancels what it runs, and refuses what comes after (code `canceled`). */
  readonly signal?: AbortSignal | undefined
  /**
   * Keep the plans of statements that come again, where the engine can. Then a statement may fail for the reason `stale_plan`, as
   * when the schema has changed, and goes well when it is run again.
   */
  readonly prepare?: boolean | undefined
}

/** Who holds the migration lock, for whoever waits for it. */
export interface LockHolder {
  readonly pid: number | null
  readonly host: string | null
  readonly command: string | null
  /** ISO 8601, in UTC. */
  readonly since: string | null
}

/** The migration lock of one database, held. It dies with its holder. */
export interface Lock extends AsyncDisposable {
  /** Aborts when the lock is lost although nobody released it, as when its connection breaks. */
  readonly lost: AbortSignal
  release(): Promise<void>
}

/** What the lock is asked for. */
export interface LockRequest {
  readonly command: string
  /**
   * A part of the database, such as the schema of a tenant: runners on different parts do not exclude each other, and one of the
   * whole database excludes them all. Where an engine has no parts, it is the whole.
   */
  readonly part?: string | undefined
}

/** What an attempt to take the lock came to. */
export type LockAttempt = { readonly lock: Lock } | { readonly heldBy: LockHolder | undefined }

/** A connection that hears what NOTIFY sends. */
export interface Listener extends AsyncDisposable {
  /** Aborts when the connection breaks: what is sent from then on is not heard. */
  readonly lost: AbortSignal
  close(): Promise<void>
}

/** One open database. */
export interface Database extends AsyncDisposable {
  readonly dialect: Dialect
  readonly features: Features
  /** The URL without its password, for people. */
  readonly address: string
  /** The engine and its version as people say it (`PostgreSQL 18.4`), and the major version as a number. */
  readonly server: { readonly name: string; readonly version: string; readonly major: number }
  /** A session of the caller's own. */
  session(options?: SessionOptions): Promise<Session>
  /** Tries once, without waiting inside a statement, to take the migration lock. */
  tryLock(holder: LockRequest): Promise<LockAttempt>
  /**
   * Calls `onMessage` with the payload of each NOTIFY on a channel, until the listener is closed or lost. Only where several
   * processes can use the database. Throws `connection_failed`, DatabaseError.
   */
  readonly listen?: (channel: string, onMessage: (payload: string) => void) => Promise<Listener>
  close(): Promise<void>
}

/** How a database is opened. */
export interface OpenOptions {
  /** Milliseconds to go on trying while the server is starting; 0 tries once. */
  readonly wait?: number
  /** Create the database, and the role where a URL that may do so is known, when they are missing. */
  readonly bootstrap?: Bootstrap | undefined
  readonly signal?: AbortSignal | undefined
  readonly progress?: Progress | undefined
}

/** What may be created when it is missing. */
export interface Bootstrap {
  /** A URL of a role that may create roles and databases; without it the URL's own role is tried. */
  readonly adminUrl?: string | undefined
}

/** One way to reach one kind of database. It knows connections and placeholders, and nothing of migrations. */
export interface Driver {
  readonly name: 'postgres' | 'pglite' | 'sqlite'
  open(target: DatabaseTarget, options: OpenOptions): Promise<Database>
}

/** A database URL, understood. */
export type DatabaseTarget =
  | PostgresTarget
  | { readonly driver: 'pglite'; readonly directory: string | null; readonly address: string }
  | { readonly driver: 'sqlite'; readonly file: string | null; readonly address: string }

/** Where a PostgreSQL server is and how to speak to it. */
export interface PostgresTarget {
  readonly driver: 'postgres'
  /** The URL without its password, for people. */
  readonly address: string
  /** The plain `postgres://` URL, with its password, for the client library. Never printed. */
  readonly url: string
  readonly host: string
  readonly port: number
  readonly user: string | undefined
  readonly password: string | undefined
  readonly database: string
  /** The other parameters of the URL (`sslmode`, `sslrootcert`, `options`, `application_name`, `connect_timeout`, ...). */
  readonly parameters: Readonly<Record<string, string>>
}
