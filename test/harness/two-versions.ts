import { id, openDatabase, raw, sql, type Database, type Session, type Sql } from '../../src/database/database.ts'
import { parseExpression, type Expression } from '../../src/migrations/batch/expression.ts'
import type { RowScope } from '../../src/migrations/batch/row-scope.ts'
import { loadParser } from '../../src/migrations/sql/parser.ts'
import {
  compileSync,
  ensureSyncSchema,
  type SyncInput,
  type SyncObjects,
} from '../../src/migrations/sync/compile-sync.ts'
import type { ComputeRule, LookupRule, SyncRule } from '../../src/migrations/sync/rule.ts'

const parser = await loadParser()

/** SQL of an author, understood. */
export function expression(text: string): Expression {
  return parseExpression(text, parser)
}

/** A row by the names of its columns and their types; `name: [physical, type]` where the database calls it otherwise. */
export function rowOf(alias: string, columns: Readonly<Record<string, string | readonly [string, string]>>): RowScope {
  return {
    alias,
    columns: Object.entries(columns).map(([name, column]) =>
      typeof column === 'string'
        ? { name, physical: name, type: column }
        : { name, physical: column[0], type: column[1] },
    ),
  }
}

/** A column computed from its row. */
export function computed(
  direction: 'up' | 'down',
  path: string,
  type: string,
  text: string,
  scope: RowScope,
  more: Partial<ComputeRule> = {},
): ComputeRule {
  const [table = '', column = ''] = path.split('.')
  return {
    kind: 'compute',
    direction,
    table,
    column,
    type,
    expression: expression(text),
    onInsert: null,
    scope,
    volatile: false,
    counterpart: null,
    errors: 'fail',
    backfill: null,
    origin: { migration: 'v2', action: 0, column },
    ...more,
  }
}

/** A column looked up in another table. */
export function lookedUp(
  direction: 'up' | 'down',
  path: string,
  type: string,
  target: RowScope,
  source: RowScope,
  cross: { readonly value: string; readonly where: string; readonly key?: readonly string[] },
): LookupRule {
  const [table = '', column = ''] = path.split('.')
  return {
    kind: 'lookup',
    direction,
    table,
    column,
    type,
    target,
    source: { table: source.alias, scope: source, key: cross.key ?? ['id'] },
    value: expression(cross.value),
    where: expression(cross.where),
    origin: { migration: 'v2', action: 0, column },
  }
}

/** A database on which an old and a new version of an application work. */
export interface TwoVersions extends AsyncDisposable {
  readonly db: Database
  readonly objects: readonly SyncObjects[]
  readonly input: SyncInput
  /** Runs one statement in a session of the version, which is opened for it alone. */
  asOld<Row extends object = Record<string, unknown>>(text: string): Promise<Row[]>
  asNew<Row extends object = Record<string, unknown>>(text: string): Promise<Row[]>
  /** Runs one statement on the base tables, as the migrating role. */
  asBase<Row extends object = Record<string, unknown>>(text: string): Promise<Row[]>
  /** A session of the version; the caller closes it. */
  session(version: 'old' | 'new' | 'base'): Promise<Session>
  /** Takes all triggers away, in the order of the tables, or the other way round. */
  drop(reverse?: boolean): Promise<void>
}

/** What a test wants to be there. */
export interface Wanted {
  /** A script that makes the tables of the base schema, with their temporary columns. */
  readonly tables: string
  /** Queries of the versions' views, by name. */
  readonly oldViews?: Readonly<Record<string, string>>
  readonly newViews?: Readonly<Record<string, string>>
  readonly rules: readonly SyncRule[]
  readonly pending?: readonly string[]
  /** Names of the users' BEFORE triggers, by table. */
  readonly userTriggers?: Readonly<Record<string, readonly string[]>>
  readonly defaults?: Readonly<Record<string, string>>
  readonly generated?: SyncInput['generated']
  readonly base?: string
  /** Rows that are there already are in step. True unless said otherwise. */
  readonly inStep?: boolean
}

/** Makes the tables, what keeps them in step, and the versions' schemas `migration_v1` and `migration_v2`. */
export async function twoVersions(url: string, wanted: Wanted): Promise<TwoVersions> {
  const db = await openDatabase(url)
  const base = wanted.base ?? 'public'
  const input: SyncInput = {
    rules: wanted.rules,
    base,
    oldSchema: 'migration_v1',
    versionSchema: 'migration_v2',
    target: 'v2',
    stateSchema: 'metastore',
    userTriggers: (table) => wanted.userTriggers?.[table] ?? [],
    pendingTables: new Set(wanted.pending ?? []),
    forcedRowSecurity: false,
    keyOf: () => ['id'],
    defaultOf: (table, column) => wanted.defaults?.[`${table}.${column}`] ?? null,
    generated: wanted.generated,
  }
  const objects = compileSync(input)
  const paths = { old: 'migration_v1', new: 'migration_v2', base }
  const session = async (version: 'old' | 'new' | 'base'): Promise<Session> => {
    const opened = await db.session()
    await opened.script(`set search_path to "${paths[version]}"`)
    return opened
  }
  const run = async <Row extends object>(version: 'old' | 'new' | 'base', text: string): Promise<Row[]> => {
    await using opened = await session(version)
    return await opened.query<Row>(raw(text))
  }
  const runAll = async (statements: readonly Sql[]): Promise<void> => {
    await using opened = await session('base')
    for (const statement of statements) await opened.query(statement)
  }
  {
    await using opened = await db.session()
    await opened.script(wanted.tables)
  }
  await runAll([...ensureSyncSchema('metastore'), ...objects.flatMap(({ create }) => create)])
  for (const { table, pending } of wanted.inStep === false ? [] : objects) {
    if (pending === null) continue
    await runAll([
      sql`alter table ${id(base, table)} disable trigger user`,
      sql`update ${id(base, table)} set ${id(pending)} = false`,
      sql`alter table ${id(base, table)} enable trigger user`,
    ])
  }
  await runAll(viewsOf('migration_v1', wanted.oldViews ?? {}))
  await runAll(viewsOf('migration_v2', wanted.newViews ?? {}))
  return {
    db,
    objects,
    input,
    session,
    asOld: (text) => run('old', text),
    asNew: (text) => run('new', text),
    asBase: (text) => run('base', text),
    [Symbol.asyncDispose]: () => db.close(),
    async drop(reverse = false) {
      const order = reverse ? objects.toReversed() : objects
      for (const { drop } of order) await runAll(drop)
    },
  }
}

function viewsOf(schema: string, views: Readonly<Record<string, string>>): Sql[] {
  return [
    raw(`create schema "${schema}"`),
    ...Object.entries(views).map(([name, query]) =>
      raw(`create view "${schema}"."${name.replaceAll('"', '""')}" as ${query}`),
    ),
  ]
}
