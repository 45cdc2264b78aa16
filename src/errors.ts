/**
 * What kind of answer a failure is, for whoever turns it into an exit status or an HTTP status:
 * `input` wrong usage, configuration or file; `state` the database is not in a state that allows it;
 * `locked` another process holds the lock; `failed` everything else.
 */
export type FailureKind = 'input' | 'state' | 'locked' | 'failed'

/** Every code that a failure can carry, with its kind and the sentence that docs/errors.md gives it. */
export const errorCodes = {
  // Usage and configuration
  usage: { kind: 'input', summary: 'The command line names a command, an option or a value that does not exist.' },
  configuration_invalid: { kind: 'input', summary: 'metastore.toml cannot be read as it stands.' },
  configuration_missing: { kind: 'input', summary: 'The project directory or its configuration file does not exist.' },
  fleet_unknown: {
    kind: 'input',
    summary: 'The named fleet is not declared in metastore.toml, or a member is not in it.',
  },
  fleet_invalid: { kind: 'input', summary: 'The members of a fleet cannot be found out, or are not what it says.' },
  database_unknown: { kind: 'input', summary: 'The named database is not declared in metastore.toml.' },
  variable_missing: { kind: 'input', summary: 'An environment variable that a setting refers to is not set.' },
  url_invalid: { kind: 'input', summary: 'A database URL cannot be understood.' },
  file_exists: { kind: 'input', summary: 'A file that would be written is already there.' },
  file_unwritable: { kind: 'input', summary: 'A file or a directory cannot be written.' },
  editor_failed: { kind: 'failed', summary: 'The editor that was opened ended with a failure.' },
  document_unknown: { kind: 'input', summary: 'The manual has no page of that name.' },

  // Migration files
  directory_missing: { kind: 'input', summary: 'A directory of migrations that was named does not exist.' },
  file_unreadable: { kind: 'input', summary: 'A file cannot be read, or is not UTF-8 text.' },
  file_unknown_format: { kind: 'input', summary: 'A migration directory holds a file of a format that is not known.' },
  migration_duplicate: { kind: 'input', summary: 'Two files give a migration the same name.' },
  migration_invalid: { kind: 'input', summary: 'A migration file cannot be understood.' },
  key_ignored: { kind: 'input', summary: 'A migration file has a key that does nothing.' },
  migration_unknown: { kind: 'input', summary: 'No migration has that name, or several do.' },
  statistics_invalid: { kind: 'input', summary: 'A file is none of the statistics that metastore writes.' },
  plan_invalid: { kind: 'input', summary: 'A file is no plan that this version of metastore can apply.' },
  test_missing: { kind: 'input', summary: 'A project has no tests of its migrations.' },
  test_invalid: { kind: 'input', summary: 'A test of migrations cannot be understood.' },
  sql_syntax: { kind: 'input', summary: 'A migration holds SQL that does not parse.' },
  schema_conflict: { kind: 'input', summary: 'An action does not fit the schema that it would change.' },
  binding_failed: {
    kind: 'input',
    summary: 'SQL of a migration names something that is not there, or gives a value of a wrong type.',
  },

  // Seeds
  seed_invalid: { kind: 'input', summary: 'A seed file cannot be applied to this database as it stands.' },
  seed_unknown: { kind: 'input', summary: 'No seed set or seed file has that name.' },
  seed_failed: { kind: 'failed', summary: 'The database refused a row or a statement of a seed file.' },
  seed_expectation_failed: { kind: 'failed', summary: 'What a seed set expects of the database is not so.' },

  // What a batch of migrations meets on the live database
  generate_loses_data: { kind: 'input', summary: 'The desired state can be reached only by losing data.' },
  schema_file_invalid: { kind: 'input', summary: 'The SQL of a desired state fails on an empty database.' },
  models_invalid: { kind: 'input', summary: 'Files of models do not load, or say what PostgreSQL does not accept.' },
  drizzle_missing: { kind: 'input', summary: 'Models need drizzle-orm, which is not installed or too old.' },
  migration_not_replayed: {
    kind: 'input',
    summary: 'A migration does not run on a throw-away database, so what all of them make is not known.',
  },
  rename_undecided: {
    kind: 'input',
    summary: 'Something may have been renamed or replaced, and nobody has said which of the two.',
  },
  data_conflict: { kind: 'input', summary: 'Rows of the database stand against what a migration asks of them.' },
  privilege_missing: {
    kind: 'input',
    summary: 'The role may not do what a migration needs, or would not see all rows.',
  },
  transaction_open: { kind: 'state', summary: 'A transaction has been open for long on a table that is changed.' },
  trigger_fires: { kind: 'input', summary: 'Triggers of a table fire while its existing rows are brought up to date.' },

  // The state of a database
  migration_edited: { kind: 'state', summary: 'The file of an applied migration has changed since it was applied.' },
  migration_missing: { kind: 'state', summary: 'An applied migration has no file any more.' },
  migration_out_of_order: { kind: 'state', summary: 'A pending migration sorts before one that is already applied.' },
  migration_partly_replaced: {
    kind: 'state',
    summary: 'A squashed migration replaces others, of which the database has only a part.',
  },
  migration_unmet: { kind: 'state', summary: 'A migration requires another one that is not applied before it.' },
  migration_irreversible: {
    kind: 'state',
    summary: 'A migration cannot be rolled back: it has no down part, or what would undo it cannot be derived.',
  },
  rollback_loses_data: {
    kind: 'state',
    summary: 'A rollback would lose data, or cannot bring back data that is gone, and nobody has said that it may.',
  },
  step_outcome_unknown: {
    kind: 'state',
    summary: 'A statement that runs outside a transaction was interrupted, and whether it took effect cannot be told.',
  },
  consent_needed: {
    kind: 'state',
    summary: 'A database that is marked as production is not rolled back without --yes.',
  },
  reset_guarded: { kind: 'state', summary: 'A database that is marked as production is not reset without --confirm.' },
  reset_loses_rows: {
    kind: 'state',
    summary:
      'A reset would take away rows that neither migrations nor seeds bring back, and nobody has said that it may.',
  },
  batch_applying: {
    kind: 'state',
    summary: 'The start of a batch was interrupted, so it is neither started nor undone.',
  },
  batch_in_progress: { kind: 'state', summary: 'A batch is started and waits to be completed or aborted.' },
  batch_completing: {
    kind: 'state',
    summary: 'The completion of a batch was interrupted and has to be finished first.',
  },
  batch_aborting: { kind: 'state', summary: 'The abort of a batch was interrupted and has to be finished first.' },
  batch_not_abortable: { kind: 'state', summary: 'A batch that is being completed cannot be aborted any more.' },
  batch_files_changed: {
    kind: 'state',
    summary: 'The files of a batch that is under way are not those it was started with.',
  },
  batch_incompatible: {
    kind: 'state',
    summary: 'A batch was started by a version of metastore whose steps this one does not know.',
  },
  version_missing: { kind: 'state', summary: 'The database has no version of that name that the role may use.' },
  object_not_exposed: {
    kind: 'state',
    summary: 'A view or a function of the base schema does not work on a version, and is not in its schema.',
  },
  abort_blocked: { kind: 'state', summary: 'Rows that the new version wrote do not fit the old version.' },
  database_unmanaged: { kind: 'state', summary: 'The database has tables, and metastore knows nothing of them.' },
  bookkeeping_newer: { kind: 'state', summary: 'The database was last migrated by a newer version of metastore.' },
  database_behind: { kind: 'state', summary: 'The database has pending migrations.' },

  database_read_only: {
    kind: 'state',
    summary: 'The database is a replica, or transactions on it are read-only, and something would be changed.',
  },
  window_closed: { kind: 'state', summary: 'A migration would begin outside of the maintenance window.' },
  hazard_unacknowledged: {
    kind: 'state',
    summary:
      'A pending migration of a production database holds a hazard, of P0 or of lost data, that nobody has acknowledged.',
  },
  production_guarded: {
    kind: 'state',
    summary: 'A database that is marked as production loses no data in a rollback without --confirm.',
  },
  plan_stale: {
    kind: 'state',
    summary: 'A saved plan is not applied, because the files or the database are not those it was made from.',
  },
  several_pending: { kind: 'state', summary: 'More migrations are pending than the one that --expect-one allows.' },
  already_managed: {
    kind: 'state',
    summary: 'A database that has a history already is neither made a baseline nor adopted.',
  },
  adoption_source_missing: {
    kind: 'state',
    summary: 'The database has no history of the tool that it should be adopted from.',
  },
  adoption_not_idle: { kind: 'state', summary: 'The other tool is in the middle of a migration.' },
  adoption_mismatch: { kind: 'state', summary: "The other tool's history and the files of migrations do not agree." },
  adoption_tool_found: {
    kind: 'state',
    summary: 'Another tool has a history in the database, and nobody has said whether to take it over.',
  },
  adoption_partly: { kind: 'state', summary: 'A migration is only partly in effect in a database without a history.' },
  adoption_undecided: {
    kind: 'state',
    summary: 'The schema of a database does not show whether a migration was applied, and nobody has said it.',
  },
  adoption_out_of_order: {
    kind: 'state',
    summary: 'A migration is in effect, and one before it is not that it depends on.',
  },

  // Locks
  lock_held: { kind: 'locked', summary: 'Another process is migrating this database.' },
  directory_locked: { kind: 'locked', summary: 'Another process has opened this embedded database.' },
  database_locked: {
    kind: 'locked',
    summary: 'Another process is writing to this SQLite file, and went on for too long.',
  },
  lock_lost: { kind: 'failed', summary: 'The migration lock was lost while work was going on.' },

  // Keys and secrets
  key_missing: { kind: 'input', summary: 'Something is encrypted or to be encrypted, and no key is given.' },
  key_invalid: { kind: 'input', summary: 'A key for encryption has not the form of one.' },
  key_source_failed: { kind: 'input', summary: 'The file or the command that gives the keys cannot be read or run.' },
  token_invalid: { kind: 'input', summary: 'An encrypted value is no token, is damaged, or fits none of the keys.' },

  fleet_stopped: {
    kind: 'failed',
    summary: 'A command failed on members of a fleet, and the others may not have begun.',
  },

  // The store and the server
  request_invalid: {
    kind: 'input',
    summary: 'What was sent cannot be taken as it stands; each field that is wrong is named.',
  },
  not_found: { kind: 'input', summary: 'There is no such thing for this tenant.' },
  agent_unknown: { kind: 'input', summary: 'A chat names an agent that there is not; upper and lower case count.' },
  agent_unavailable: { kind: 'input', summary: 'A chat names an agent that the tenant may not use.' },
  conflict: { kind: 'state', summary: 'What is asked for does not go with what is there.' },
  thread_status_mismatch: { kind: 'state', summary: 'A thread has not the status that a run asks for.' },
  unauthenticated: {
    kind: 'input',
    summary: 'A request does not say who sends it, or not with a key or token that holds.',
  },
  forbidden: { kind: 'input', summary: 'Whoever sends a request may not do this.' },
  rate_limited: { kind: 'locked', summary: 'Too many requests were sent in too short a time.' },
  unavailable: { kind: 'failed', summary: 'The server cannot take this now; the same request may be sent again.' },
  address_unavailable: { kind: 'failed', summary: 'The server cannot listen on its host and port.' },
  server_open: {
    kind: 'input',
    summary: 'A server that lets everybody in would listen where others than this machine reach it.',
  },
  graph_invalid: { kind: 'input', summary: 'langgraph.json, or a graph that it names, cannot be loaded.' },
  langgraph_missing: { kind: 'input', summary: 'A graph needs @langchain/langgraph, which is not installed.' },
  embedding_invalid: {
    kind: 'input',
    summary: 'What an embedding model gives cannot be kept, or it is not said right.',
  },
  schema_mismatch: { kind: 'state', summary: 'The database has not the schema that the server was built for.' },

  // The database
  backup_failed: {
    kind: 'failed',
    summary: 'The backup command that has to succeed before a change did not, so nothing was changed.',
  },
  connection_failed: { kind: 'failed', summary: 'The database cannot be reached.' },
  connection_lost: { kind: 'failed', summary: 'The connection broke while it was in use.' },
  batch_failed: { kind: 'failed', summary: 'A batch failed while it was started, and could not be taken back.' },
  table_busy: {
    kind: 'failed',
    summary: 'A table could not be locked until the deadline, because other sessions were using it.',
  },
  index_invalid: {
    kind: 'failed',
    summary: 'An index that was built without blocking writers came out invalid each time.',
  },
  backfill_failed: { kind: 'failed', summary: 'Existing rows of a table cannot be brought up to date.' },
  statement_failed: { kind: 'failed', summary: 'The database refused a statement.' },
  test_failed: { kind: 'failed', summary: 'A statement of a test did not come to what is expected of it.' },
  script_failed: { kind: 'failed', summary: 'A migration written in code threw an error.' },
  canceled: { kind: 'failed', summary: 'The work was interrupted, by Ctrl-C or by the caller.' },
  not_supported: { kind: 'input', summary: 'This kind of database cannot do what was asked.' },
  name_invalid: { kind: 'input', summary: 'A name or a value cannot be written in SQL.' },
} as const satisfies Record<string, { kind: FailureKind; summary: string }>

/** A stable code of a failure; documented in docs/errors.md. */
export type ErrorCode = keyof typeof errorCodes

/** What a failure is made of. */
export interface Failure {
  readonly code: ErrorCode
  /** What happened, as one or more sentences. Never holds a secret. */
  readonly message: string
  /** `file:line:column`, or the object concerned. */
  readonly where?: string | undefined
  /** What to do next, as a sentence. */
  readonly remedy: string
  /** More lines for a person: the statement, a difference, what the server said. */
  readonly details?: readonly string[] | undefined
  readonly cause?: unknown
}

/** A failure that a person or a program can act on: what happened, where, and what to do next. */
export class MetastoreError extends Error {
  override readonly name: string = 'MetastoreError'
  /** Stable; documented in docs/errors.md. */
  readonly code: ErrorCode
  /** `file:line:column`, or the object concerned. */
  readonly where: string | undefined
  readonly remedy: string
  readonly details: readonly string[]

  constructor(failure: Failure) {
    super(failure.message, failure.cause === undefined ? {} : { cause: failure.cause })
    this.code = failure.code
    this.where = failure.where
    this.remedy = failure.remedy
    this.details = failure.details ?? []
  }

  /** The kind of answer that this failure is. */
  get kind(): FailureKind {
    return errorCodes[this.code].kind
  }

  /** The failure as plain data, the same for every command's `--json`. */
  toJSON(): { code: ErrorCode; message: string; where: string | null; remedy: string; details: readonly string[] } {
    return {
      code: this.code,
      message: this.message,
      where: this.where ?? null,
      remedy: this.remedy,
      details: this.details,
    }
  }
}
