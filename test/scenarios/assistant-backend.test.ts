import { cpSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { parse } from 'smol-toml'
import { describe, expect, onTestFinished } from 'vitest'
import { openDatabase, sql, type Database, type Session } from '../../src/database/database.ts'
import {
  checkMigrations,
  completeBatch,
  openEngine,
  readMigrationFiles,
  startBatch,
  type MigrationFile,
} from '../../src/migrations/migrations.ts'
import { root } from '../harness/example-copy.ts'
import { type Engine, temporaryDirectory } from '../harness/engines.ts'
import { expectCleanDatabase, refusal, scenario } from './world.ts'

const example = path.join(root, 'examples', 'assistant-backend')
const broken = path.join('broken', '003_message_sequence_pagination.toml')
const unknownKey = 'actions[0].column.up is not known; the nearest place for up is actions[0].up.'

describe.each([
  { directory: 'migrations', count: 8, last: '008_user_config_names' },
  { directory: 'jobs/migrations', count: 2, last: '002_terminal_failures' },
  { directory: 'knowledge/migrations', count: 2, last: '002_inheritance_properties_rules' },
])("the real user's set $directory", ({ directory, count, last }) => {
  scenario(
    83,
    'one batch from an empty database shows the columns and has the indexes that the files say',
    async (engine) => {
      const { database, session } = await open(engine)
      const files = await readFiles(directory)
      expect(files).toHaveLength(count)
      await using work = await openEngine(database)
      expect(await startBatch(work, files)).toMatchObject({ state: 'in_progress', newSchema: `migration_${last}` })
      expect(await readIndexes(session)).toEqual(declaredIndexes(directory))
      expect(await completeBatch(work)).toMatchObject({ outcome: 'completed', schema: `migration_${last}` })
      expect(await readColumns(session, `migration_${last}`)).toEqual(declaredColumns(directory))
      expect(await readIndexes(session)).toEqual(declaredIndexes(directory))
      await expectCleanDatabase(session)
    },
  )
})

scenario(83, 'the broken 003 is the one error, by file, line and column, and nothing runs', async (engine) => {
  const { database, session } = await open(engine)
  const files = await readFiles(withBroken003())
  const found = await checkMigrations(files, 'postgres')
  expect(found).toMatchObject([
    {
      severity: 'P0',
      code: 'migration_invalid',
      file: 'migrations/003_message_sequence_pagination.toml',
      line: 14,
      column: 21,
      message: unknownKey,
      remedy: 'Write it there, as a string.',
    },
  ])
  await using work = await openEngine(database)
  expect(await refusal(startBatch(work, files))).toMatchObject({
    code: 'migration_invalid',
    kind: 'input',
    message: unknownKey,
    remedy: 'Write it there, as a string.',
  })
  expect(await session.query(sql`select relname from pg_class where relnamespace = 'public'::regnamespace`)).toEqual([])
})

for (const lenient of [true, false]) {
  const title = lenient
    ? 'the broken 003 is applied leniently, with a warning, and 004 numbers the messages from 1'
    : '003 numbers the messages that are there from 1, and 004 leaves them so'
  scenario(83, title, async (engine) => {
    const { database, session } = await open(engine)
    const files = await readFiles(lenient ? withBroken003() : 'migrations', lenient)
    await using work = await openEngine(database)
    const to = (name: string) => ({ to: { kind: 'name' as const, name }, complete: true, batch: { lenient } })
    await startBatch(work, files, to('002_chat_persistence'))
    await session.script(messages)
    const { warnings } = await startBatch(work, files, to('003_message_sequence_pagination'))
    expect(warnings.filter((warning) => warning.includes('is ignored'))).toHaveLength(lenient ? 1 : 0)
    const numbers = lenient ? [0, 0, 0, 0, 0] : [1, 2, 3, 1, 2]
    expect(await readNumbers(session)).toEqual(numbers)
    await startBatch(work, files, to('004_fix_message_sequence_backfill'))
    expect(await readNumbers(session)).toEqual([1, 2, 3, 1, 2])
    await startBatch(work, files, { complete: true, batch: { lenient } })
    expect(await readColumns(session, 'migration_008_user_config_names')).toEqual(declaredColumns('migrations'))
    await expectCleanDatabase(session)
  })
}

scenario(
  84,
  'a role that is no superuser and owns the database migrates all three sets',
  async (engine) => {
    const { session, url } = await open(engine)
    const [{ name } = { name: '' }] = await session.query<{ name: string }>(sql`select current_database() as name`)
    const role = `owner_of_${name}`
    onTestFinished(async () => {
      await session.script(`
        alter database ${name} owner to current_user; reassign owned by ${role} to current_user; drop owned by ${role};
        drop role ${role}`)
    })
    await session.script(`
      create role ${role} login password 'owner';
      alter database ${name} owner to ${role};
      alter schema public owner to ${role}`)
    const owned = new URL(url)
    owned.username = role
    owned.password = 'owner'
    await using database = await openDatabase(owned.href)
    for (const [index, directory] of ['migrations', 'jobs/migrations', 'knowledge/migrations'].entries()) {
      const options = { stateSchema: `metastore_${index}` }
      const schema = `part_${index}`
      await session.script(`create schema ${schema} authorization ${role}`)
      await using work = await openEngine(database, options)
      const files = await readFiles(directory)
      expect(await startBatch(work, files, { base: schema, complete: true })).toMatchObject({ state: 'idle' })
    }
  },
  { only: 'postgres' },
)

interface Opened {
  readonly database: Database
  readonly session: Session
  readonly url: string
}

async function open(engine: Engine): Promise<Opened> {
  const url = await engine.freshUrl()
  const database = await openDatabase(url)
  onTestFinished(() => database.close())
  const session = await database.session()
  onTestFinished(() => session.close())
  return { database, session, url }
}

function readFiles(directory: string, lenient = false): Promise<MigrationFile[]> {
  const absolute = path.resolve(example, directory)
  return readMigrationFiles([{ path: 'migrations', absolute }], lenient ? { unknownKeys: 'warn' } : {})
}

function withBroken003(): string {
  const directory = path.join(temporaryDirectory(), 'migrations')
  cpSync(path.join(example, 'migrations'), directory, { recursive: true })
  cpSync(path.join(example, broken), path.join(directory, path.basename(broken)))
  return directory
}

// Two conversations, in another order than that of the keys.
const messages = `
  insert into users (id, name, email) values ('00000000-0000-4000-8000-000000000001', 'Ada', 'ada@example.com');
  insert into conversations (id, user_id, reference)
  select ('00000000-0000-4000-8000-00000000010' || n)::uuid, '00000000-0000-4000-8000-000000000001', n
  from generate_series(1, 2) n;
  insert into messages (id, conversation_id, role, created_at)
  select ('00000000-0000-4000-8000-00000000020' || n)::uuid,
    ('00000000-0000-4000-8000-00000000010' || case when n <= 3 then 1 else 2 end)::uuid,
    'user', timestamptz '2026-01-01' - n * interval '1 minute'
  from generate_series(1, 5) n`

async function readNumbers(session: Session): Promise<number[]> {
  const rows = await session.query<{ sequence: number }>(
    sql`select sequence from messages order by conversation_id, created_at, id`,
  )
  return rows.map(({ sequence }) => sequence)
}

type Names = Record<string, readonly string[]>

async function readColumns(session: Session, schema: string): Promise<Names> {
  const rows = await session.query<{ name: string; columns: string[] }>(sql`
    select table_name as name, array_agg(column_name::text order by ordinal_position) as columns
    from information_schema.columns
    where table_schema = ${schema}
    group by table_name`)
  return Object.fromEntries(rows.map(({ name, columns }) => [name, columns]))
}

// The indexes that are not the key's.
async function readIndexes(session: Session): Promise<Names> {
  const rows = await session.query<{ name: string; columns: string[] }>(sql`
    select indexrelid::regclass::text as name,
      array(
        select attname::text from unnest(indkey) with ordinality as key (number, place)
        join pg_attribute on attrelid = indrelid and attnum = number
        order by place
      ) as columns
    from pg_index
    join pg_class on pg_class.oid = indrelid
    where relnamespace = 'public'::regnamespace and not indisprimary and indisvalid`)
  return Object.fromEntries(rows.map(({ name, columns }) => [name, columns]))
}

interface DeclaredAction {
  readonly type: string
  readonly name?: string
  readonly table?: string
  readonly columns?: readonly { readonly name: string }[]
  readonly column?: { readonly name: string }
  readonly index?: { readonly name: string; readonly columns: readonly string[] }
}

// Read with a parser of its own, and by nothing else that metastore has.
function declaredActions(directory: string): readonly DeclaredAction[] {
  const folder = path.join(example, directory)
  return readdirSync(folder)
    .toSorted()
    .flatMap((file) => parse(readFileSync(path.join(folder, file), 'utf8'))['actions'] as unknown as DeclaredAction[])
}

function declaredColumns(directory: string): Names {
  const tables: Record<string, string[]> = {}
  for (const { type, name = '', table = '', columns = [], column } of declaredActions(directory)) {
    if (type === 'create_table') tables[name] = columns.map((one) => one.name)
    if (type === 'add_column' && column !== undefined) tables[table]?.push(column.name)
  }
  // What the custom SQL of the last migration adds.
  tables['user_config_definitions']?.push('name')
  return tables
}

function declaredIndexes(directory: string): Names {
  return Object.fromEntries(
    declaredActions(directory).flatMap(({ index }) => (index === undefined ? [] : [[index.name, index.columns]])),
  )
}
