import { dataSettings } from './data-settings.ts'
import { operatingSettings } from './operating-settings.ts'
import { serverSettings } from './server-settings.ts'
import type { Setting } from './setting.ts'

/** Every setting of a `[database.NAME]` table, by its name in code. */
const databaseSettings = {
  url: {
    key: 'url',
    kind: 'url',
    default: 'pglite:.metastore/NAME',
    variables: ['DATABASE_URL', 'DB_URL'],
    flag: '--url <url>',
    reach: 'one',
    description: 'Where the database is: postgres://…, pglite:DIR, pglite:memory, sqlite:FILE or sqlite::memory:.',
  },
  migrations: {
    key: 'migrations',
    kind: 'directories',
    default: ['migrations'],
    variables: ['METASTORE_MIGRATIONS'],
    flag: '--dirs <dir...>',
    reach: 'one',
    description: 'The directories that hold its migrations.',
  },
  seeds: {
    key: 'seeds',
    kind: 'directories',
    default: ['seeds'],
    variables: ['METASTORE_SEEDS'],
    flag: null,
    reach: 'one',
    description: 'The directories that hold its seeds.',
  },
  tests: {
    key: 'tests',
    kind: 'directories',
    default: ['tests'],
    variables: ['METASTORE_TESTS'],
    flag: null,
    reach: 'one',
    description: 'The directories that hold tests of its migrations.',
  },
  schema: {
    key: 'schema',
    kind: 'identifier',
    default: 'public',
    variables: ['METASTORE_SCHEMA'],
    flag: '--schema <name>',
    reach: 'all',
    description: 'The base schema: the one that holds the real tables, which migrations in actions change.',
  },
  unknownKeys: {
    key: 'unknown_keys',
    kind: 'choice',
    choices: ['error', 'warn'],
    default: 'error',
    variables: ['METASTORE_UNKNOWN_KEYS'],
    flag: '--lenient',
    flagValue: 'warn',
    reach: 'all',
    description:
      'What a key is that no action has: an error, or a warning, after which the key is ignored; the flag means "warn".',
  },
  exposeViews: {
    key: 'expose_views',
    kind: 'boolean',
    default: true,
    variables: ['METASTORE_EXPOSE_VIEWS'],
    flag: null,
    reach: 'all',
    description: "Whether views and functions of the base schema are carried into the version's schema.",
  },
  models: {
    key: 'models',
    kind: 'directories',
    default: [],
    variables: ['METASTORE_MODELS'],
    flag: null,
    reach: 'one',
    description:
      'The files of Drizzle models, or one file of SQL, that say what generate compares the migrations with.',
  },
  modelsTables: {
    key: 'models_tables',
    kind: 'variables',
    default: [],
    variables: ['METASTORE_MODELS_TABLES'],
    flag: null,
    reach: 'one',
    description:
      'The tables and views that the Drizzle models are for, where they are not for all: generate leaves the others alone.',
  },
  modelsCasing: {
    key: 'models_casing',
    kind: 'choice',
    choices: ['snake_case', 'camelCase'],
    default: null,
    variables: ['METASTORE_MODELS_CASING'],
    flag: null,
    reach: 'all',
    description: 'How names of columns are made from the keys of models, where drizzle() is given a casing.',
  },
  generateFormat: {
    key: 'generate_format',
    kind: 'choice',
    choices: ['sql', 'toml'],
    default: null,
    variables: ['METASTORE_GENERATE_FORMAT'],
    flag: null,
    reach: 'all',
    description: 'What generate writes; unless said, actions where the newest migration is one in actions, else SQL.',
  },
  environment: {
    key: 'environment',
    kind: 'string',
    default: null,
    variables: ['METASTORE_ENVIRONMENT'],
    flag: null,
    reach: 'all',
    description: 'What the database is for, in a word of your own; "production" guards what could lose data.',
  },
  stateSchema: {
    key: 'state_schema',
    kind: 'identifier',
    default: 'metastore',
    variables: ['METASTORE_STATE_SCHEMA'],
    flag: null,
    reach: 'all',
    description: 'The schema that holds the bookkeeping of metastore; on SQLite the prefix of its tables.',
  },
  historyView: {
    key: 'history_view',
    kind: 'identifier',
    default: null,
    variables: ['METASTORE_HISTORY_VIEW'],
    flag: null,
    reach: 'all',
    description: 'The name of a view of the applied migrations in the base schema, such as "schema_migrations".',
  },
  lockTimeout: {
    key: 'lock_timeout',
    kind: 'duration',
    default: '500ms',
    variables: ['METASTORE_LOCK_TIMEOUT'],
    flag: '--lock-timeout <duration>',
    reach: 'all',
    // PostgreSQL takes 0 for "no limit", which is the opposite of what somebody who writes 0s expects.
    least: 1,
    description: 'How long a statement of an SQL migration may wait for a lock before it gives way and is tried again.',
  },
  lockDeadline: {
    key: 'lock_deadline',
    kind: 'duration',
    default: '10m',
    variables: ['METASTORE_LOCK_DEADLINE'],
    flag: '--lock-deadline <duration>',
    reach: 'all',
    description: 'How long a statement that finds no lock is tried again before the migration fails.',
  },
  lockWait: {
    key: 'lock_wait',
    kind: 'duration',
    default: '10m',
    variables: ['METASTORE_LOCK_WAIT'],
    flag: '--lock-wait <duration>',
    reach: 'all',
    description: 'How long to wait while another process migrates the database, or writes to a SQLite file.',
  },
  wait: {
    key: 'wait',
    kind: 'duration',
    default: '0s',
    variables: ['METASTORE_WAIT'],
    flag: '--wait <duration>',
    reach: 'all',
    description: 'How long to go on trying to connect while the server is starting.',
  },
  bootstrap: {
    key: 'bootstrap',
    kind: 'boolean',
    default: false,
    variables: ['METASTORE_BOOTSTRAP'],
    flag: '--bootstrap',
    reach: 'all',
    description: 'Whether to create the database, and its role, when they are missing.',
  },
  adminUrl: {
    key: 'admin_url',
    kind: 'url',
    default: null,
    variables: ['METASTORE_ADMIN_URL'],
    flag: null,
    reach: 'all',
    description: 'The URL of a role that may create roles and databases, for bootstrap.',
  },
  ...operatingSettings,
  ...dataSettings,
  ...serverSettings,
} as const satisfies Record<string, Setting>

/** A setting's name in code. */
export type SettingName = keyof typeof databaseSettings

/** The names of all settings, in the order in which they are shown. */
export const settingNames = Object.keys(databaseSettings) as SettingName[]

/** The declaration of a setting, as its general type. */
export function settingOf(name: SettingName): Setting {
  return databaseSettings[name]
}

/** A directory or a file that a setting names. */
export interface Directory {
  /** As it was written, for people. */
  readonly path: string
  /** The path to read from. */
  readonly absolute: string
}

/** The value of a setting, whatever its kind. */
export type SettingValue = string | number | boolean | readonly Directory[] | readonly string[] | Directory | null

interface KindValues {
  readonly string: string
  readonly url: string
  readonly identifier: string
  readonly boolean: boolean
  readonly integer: number
  readonly duration: number /* milliseconds */
  readonly directories: readonly Directory[]
  readonly choice: string
  readonly file: Directory
  readonly command: readonly string[]
  readonly windows: string
  readonly columns: readonly string[]
  readonly variables: readonly string[]
}

type Declared = typeof databaseSettings

/** The resolved values of one database, each of the type that its kind says; null only where the default is none. */
export type SettingValues = {
  readonly [Name in SettingName]:
    | (Declared[Name] extends { readonly choices: readonly (infer Choice)[] }
        ? Choice
        : KindValues[Declared[Name]['kind']])
    | (Declared[Name]['default'] extends null ? null : never)
}
