import path from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { audit, repairDatabase, type Audit, type AuditFinding } from '../src/audit/audit.ts'
import { openDatabase, raw, type Database, type Session } from '../src/database/database.ts'
import {
  migrate,
  openEngine,
  readMigrationFiles,
  type Engine,
  type MigrationFile,
} from '../src/migrations/migrations.ts'
import { engines } from './harness/engines.ts'
import { root } from './harness/example-copy.ts'
import { smeObjects, smeRows } from './harness/sme-assistant.ts'
import { temporaryDirectory } from './harness/temporary-directory.ts'

const absolute = path.join(root, 'examples', 'sme-assistant', 'migrations')
// One replay serves every test of the file.
const cacheDirectory = path.join(temporaryDirectory(), 'shadow')

// The rows that these tables referred to are gone with them, so the keys cannot come back before somebody has decided.
const lostParents = new Set([
  'table public.ai_conversations',
  'column public.ai_conversations.id',
  'table public.skill_workflows',
  'column public.skill_workflows.id',
])

// Not null, and without a default: nothing says what existing rows should hold.
const lostValues = new Set(
  [
    'public.ai_conversations: user_id',
    'public.ai_messages: conversation_id role content',
    'public.ai_task_queue: task_type',
    'public.skill_workflows: name',
    'public.skill_run_reflections: skill_workflow_id run_id outcome success',
    'public.agent_event_logs: source event_type status',
    'public.ai_conversation_reflections: conversation_id trigger summary',
    'ai_guardrails.policy_rules: name severity message',
  ].flatMap((line) => {
    const [table = '', columns = ''] = line.split(': ')
    return columns.split(' ').map((column) => `column ${table}.${column}`)
  }),
)

const cases = Object.entries(smeObjects).flatMap(([migration, { priority, objects }]) =>
  Object.entries(objects).map(([key, statement]) => ({ key, migration, priority, statement })),
)

for (const one of engines.filter(({ name }) => name !== 'sqlite')) {
  describe(`the audit of sme-assistant on ${one.name}`, () => {
    let database: Database
    let engine: Engine
    let files: readonly MigrationFile[]

    const look = (): Promise<Audit> =>
      audit(engine, files, { database: 'sme', cacheDirectory, stateSchema: 'metastore' })

    beforeAll(async () => {
      files = await readMigrationFiles([{ path: 'migrations', absolute }])
      database = await openDatabase(await one.freshUrl())
      engine = await openEngine(database, {})
    })
    afterAll(async () => {
      await engine[Symbol.asyncDispose]()
      await database.close()
    })
    beforeEach(async () => {
      await engine.session.script(
        'drop schema if exists ai_guardrails, metastore, public cascade; create schema public; set search_path = public',
      )
      await migrate(engine, files)
      await engine.session.script(smeRows)
    })

    test('finds what every migration provides, and nothing wrong', async () => {
      const { report } = await look()
      expect(unhealthy(report.findings)).toEqual([])
      for (const { name, provides, priority } of report.migrations) {
        expect(priority).toBe(smeObjects[name]?.priority)
        const keys = provides.map(({ key }) => key)
        expect(keys).toEqual(expect.arrayContaining(Object.keys(smeObjects[name]?.objects ?? {})))
        // Beside those: keys, checks and what serves them.
        const others = keys.filter((key) => smeObjects[name]?.objects[key] === undefined)
        expect(others.filter((key) => !/^(constraint|sequence) |^index .*(_pkey|_key)$/.test(key))).toEqual([])
        for (const { state, query } of provides) {
          expect([query, state, (await engine.session.query(raw(query))).length]).toEqual([query, 'there', 1])
        }
      }
    })

    // Columns are dropped one at a time where that is quick.
    test.each(cases.filter(({ key }) => one.name === 'postgres' || !key.startsWith('column ')))(
      '$key dropped: told with migration, severity, query and remedy, put back, and no row is touched',
      async ({ key, migration, priority, statement }) => {
        await engine.session.script(statement)
        const rows = await readRows(engine.session)
        const { report, repair } = await look()
        const finding = report.findings.find(({ objectKey }) => objectKey === key)
        expect(finding).toMatchObject({ kind: 'missing', code: 'object_missing', migration, severity: priority })
        expect(finding?.message).toMatch(/ is missing\.$/)
        expect(await engine.session.query(raw(finding?.query ?? ''))).toEqual([])
        const canRepair = !lostValues.has(key)
        expect(finding?.remedy).toMatch(
          canRepair ? /^Run metastore audit --fix, which runs the statements below\.$/ : /^It cannot be null, /,
        )
        expect(finding?.repair.length).toEqual(canRepair ? expect.any(Number) : 0)

        const result = await repairDatabase(engine, repair, report.catalog)
        for (const { before, after } of result.rows) expect(after).toBe(before)
        expect(await readRows(engine.session, rows)).toEqual(rows)
        const rest = unhealthy((await look()).report.findings)
        if (lostValues.has(key)) {
          expect(result.failed).toEqual([])
          expect(rest).toContainEqual(finding)
        } else if (lostParents.has(key)) {
          expect(result.failed.map(({ error }) => error.code)).toEqual(rest.map(() => 'statement_failed'))
          expect(rest.map(({ message }) => message).join()).toMatch(/^(Constraint \S+_fkey is missing\.,?)+$/)
        } else {
          expect(result.failed).toEqual([])
          expect(rest).toEqual([])
        }
        if (canRepair) expect(await engine.session.query(raw(finding?.query ?? ''))).toHaveLength(1)
      },
    )

    test('a column of another type is told, and left to a person', async () => {
      await engine.session.script('alter table ai_task_queue alter column attempts type bigint')
      const { report, repair } = await look()
      expect(unhealthy(report.findings)).toMatchObject([
        {
          kind: 'different',
          severity: 'P0',
          migration: '20250315_create_ai_assistant_tables',
          objectKey: 'column public.ai_task_queue.attempts',
          message: 'Column public.ai_task_queue.attempts is bigint, but should be integer.',
          remedy:
            'Put it right by a new migration (metastore generate writes one), so that it is what 20250315_create_ai_assistant_tables says.',
          repair: [],
        },
      ])
      expect(repair).toEqual([])
    })

    test('a disabled trigger is told once, and enabled again', async () => {
      await engine.session.script('alter table ai_conversations disable trigger trg_ai_conversations_updated_at')
      const { report, repair } = await look()
      expect(unhealthy(report.findings)).toMatchObject([
        {
          severity: 'P0',
          migration: '20250315_create_ai_assistant_tables',
          objectKey: 'trigger public.ai_conversations.trg_ai_conversations_updated_at',
          message:
            'Trigger public.ai_conversations.trg_ai_conversations_updated_at is disabled, but should be enabled.',
          remedy: 'Run metastore audit --fix, which runs the statements below.',
        },
      ])
      expect((await repairDatabase(engine, repair, report.catalog)).failed).toEqual([])
      expect(unhealthy((await look()).report.findings)).toEqual([])
    })

    test('a file that was never applied is told once, with the order of what to do', async () => {
      await engine.session.script(`
        drop schema ai_guardrails cascade;
        delete from metastore.migrations where name = '20250331_create_ai_guardrails_schema'`)
      const { report, repair } = await look()
      expect(unhealthy(report.findings)).toMatchObject([
        {
          kind: 'not_applied',
          severity: 'P0',
          migration: '20250331_create_ai_guardrails_schema',
          message: 'Migration 20250331_create_ai_guardrails_schema is not applied.',
          remedy: 'Apply it with metastore migrate 20250331_create_ai_guardrails_schema.',
        },
      ])
      expect(repair).toEqual([])
      const rows = await readRows(engine.session)
      await migrate(engine, files)
      expect(unhealthy((await look()).report.findings)).toEqual([])
      expect(await readRows(engine.session, rows)).toEqual(rows)
    })

    test('what was applied by hand is told as such, with commands that work in the order in which they stand', async () => {
      await engine.session.script(`
        drop table agent_event_logs;
        delete from metastore.migrations
        where name not in ('20250315_create_ai_assistant_tables', '20250321_create_skill_workflow_tables')`)
      const { report } = await look()
      expect(unhealthy(report.findings).map(({ severity, message, remedy }) => [severity, message, remedy])).toEqual([
        [
          'P0',
          'Migration 20250328_add_conversation_summary is not in the history, but everything that it provides is there: it was applied by hand.',
          'Record it with metastore stamp 20250328_add_conversation_summary.',
        ],
        [
          'P0',
          'Migration 20250330_add_ai_conversation_reflections is not in the history, but everything that it provides is there: it was applied by hand.',
          'Record it with metastore stamp 20250330_add_ai_conversation_reflections.',
        ],
        [
          'P0',
          'Migration 20250331_create_ai_guardrails_schema is not in the history, but everything that it provides is there: it was applied by hand.',
          'Apply what comes before it with metastore migrate 20250330000000_create_agent_event_logs, then record it with metastore stamp 20250331_create_ai_guardrails_schema.',
        ],
        [
          'P1',
          'Migration 20250330000000_create_agent_event_logs is not applied.',
          'Record what was applied by hand with metastore stamp 20250330_add_ai_conversation_reflections, then apply it with metastore migrate 20250330000000_create_agent_event_logs.',
        ],
      ])
      expect(report.checklist.map(({ run }) => run)).toEqual([
        'metastore audit --count-rows',
        'metastore stamp 20250328_add_conversation_summary',
        'metastore stamp 20250330_add_ai_conversation_reflections',
        'metastore migrate 20250330000000_create_agent_event_logs',
        'metastore stamp 20250331_create_ai_guardrails_schema',
        null,
        'metastore audit --count-rows',
        'metastore audit --fail-on P2',
      ])
      expect(
        report.migrations.map(({ name, state, provides }) => [name, state, provides.map((each) => each.state)]),
      ).toContainEqual(['20250330000000_create_agent_event_logs', 'pending', expect.not.arrayContaining(['there'])])
    })

    test('an applied file that is not what was applied is told, with both ways out', async () => {
      const name = '20250328_add_conversation_summary'
      await engine.session.script(`
        update metastore.migrations set checksum = 'sha256:' || repeat('0', 64) where name = '${name}'`)
      const { report } = await look()
      const [finding, ...others] = unhealthy(report.findings)
      expect(others).toEqual([])
      expect(finding).toMatchObject({
        kind: 'edited',
        code: 'migration_edited',
        severity: 'P0',
        migration: name,
        message: `The file of migration ${name} was edited after it was applied.`,
      })
      expect(finding?.remedy).toContain(`--allow-changed ${name}`)
      expect(await engine.session.query(raw(finding?.query ?? ''))).toHaveLength(1)
      expect(report.migrations.find((each) => each.name === name)?.state).toBe('edited')
    })

    test('an index that a failed concurrent build has left invalid is told and built again', async () => {
      await engine.session.script(`
          drop index idx_skill_workflows_name;
          insert into skill_workflows (name, version) values ('invoice', 2)`)
      await engine.session.script('drop index if exists idx_ai_conversations_user')
      // The build stops at its first row and leaves what it had begun, with IF NOT EXISTS none the wiser.
      await expect(
        engine.session.script('create unique index concurrently idx_skill_workflows_name on skill_workflows (name)'),
      ).rejects.toMatchObject({ code: 'statement_failed' })
      const { report, repair } = await look()
      const finding = report.findings.find(({ objectKey }) => objectKey?.endsWith('idx_skill_workflows_name'))
      expect(finding).toMatchObject({
        kind: 'different',
        severity: 'P1',
        migration: '20250321_create_skill_workflow_tables',
      })
      expect((await repairDatabase(engine, repair, report.catalog)).failed).toEqual([])
      expect(unhealthy((await look()).report.findings)).toEqual([])
    })

    test('an index that is right but for being invalid is built again where it stands', async () => {
      await engine.session.script(`
          update pg_index set indisvalid = false where indexrelid = 'idx_ai_conversations_user'::regclass`)
      const { report, repair } = await look()
      expect(unhealthy(report.findings)).toMatchObject([
        {
          kind: 'different',
          severity: 'P0',
          migration: '20250315_create_ai_assistant_tables',
          message: 'Index public.ai_conversations.idx_ai_conversations_user is invalid, but should be valid.',
          remedy: 'Run metastore audit --fix, which runs the statements below.',
          repair: ['reindex index concurrently "public"."idx_ai_conversations_user";'],
        },
      ])
      expect((await repairDatabase(engine, repair, report.catalog)).failed).toEqual([])
      expect(unhealthy((await look()).report.findings)).toEqual([])
    })
  })
}

// The example has a foreign key without an index, which its README comes to; it is there throughout.
function unhealthy(findings: readonly AuditFinding[]): AuditFinding[] {
  return findings.filter(({ code }) => code !== 'foreign_key_without_index')
}

type Rows = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>

/** Every row of the assistant's tables; with an earlier reading, only the tables and columns that it had. */
async function readRows(session: Session, earlier?: Rows): Promise<Rows> {
  const tables = await session.query<{ name: string }>(
    raw(`
    select format('%I.%I', schemaname, tablename) as name from pg_tables
    where schemaname in ('public', 'ai_guardrails') order by 1`),
  )
  const rows: Record<string, Record<string, unknown>[]> = {}
  for (const { name } of tables) {
    const before = earlier?.[name]
    if (earlier !== undefined && before === undefined) continue
    const columns = before === undefined ? undefined : Object.keys(before[0] ?? {})
    const found = await session.query<{ row: Record<string, unknown> }>(raw(`select to_jsonb(t) as row from ${name} t`))
    rows[name] = found
      .map(({ row }) => (columns === undefined ? row : Object.fromEntries(columns.map((each) => [each, row[each]]))))
      .toSorted((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1))
  }
  return rows
}
