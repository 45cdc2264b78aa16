import { describe, expect, test } from 'vitest'
import { lines } from './command-line.ts'
import { phasesProject } from './phases-project.ts'

const [one, two] = ['migration_001_runs', 'migration_002_cents']

// Which steps there are is the engine's affair.
function withoutSteps(stdout: string): string {
  return stdout.replaceAll(/^ {2}done .*\n/gm, '')
}

describe('start and complete', () => {
  test('let both versions work in between, and say what goes on', async () => {
    const { run, rows, address, line } = await phasesProject()
    await run('migrate 1')
    await rows(one, 'insert into runs values (7, 0.25)')
    line.remove('migrations/003_vendor.toml')
    const { status, stdout, stderr } = await run('start')
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    expect(stdout).toContain('\n  done alter column runs.cost  002_cents\n')
    expect(withoutSteps(stdout)).toBe(
      lines(
        `Starting on ${address}`,
        'In progress: 002_cents.',
        '  new version  SET search_path TO migration_002_cents',
        '  old version  SET search_path TO migration_001_runs',
        'Next: deploy the new version, then metastore complete; or go back with metastore abort.',
      ),
    )
    await rows(one, 'insert into runs values (8, 1.5)')
    expect(await rows(two, 'select * from runs order by id')).toEqual([
      { id: 7, cents: 25 },
      { id: 8, cents: 150 },
    ])
    await rows(two, 'update runs set cents = 30 where id = 7')
    expect(await rows(one, 'select cost from runs where id = 7')).toEqual([{ cost: '0.30' }])

    const completed = await run('complete')
    expect(completed).toMatchObject({ status: 0, stderr: '' })
    expect(withoutSteps(completed.stdout)).toBe(
      lines(
        `Completing on ${address}`,
        '  applied 002_cents  DURATION',
        'Done: 1 migration complete. The application uses migration_002_cents.',
      ),
    )
    expect(await rows('public', 'select * from runs order by id')).toEqual([
      { id: 7, cents: 30 },
      { id: 8, cents: 150 },
    ])
    await expect(rows(one, 'select * from runs')).rejects.toMatchObject({ reason: 'missing_object' })
  })

  test('are one JSON document each', async () => {
    const { run, json, address } = await phasesProject()
    await run('migrate 1')
    expect(await json('start --migration 002_cents')).toEqual({
      status: 0,
      document: {
        command: 'start',
        ok: true,
        databases: [
          {
            database: 'default',
            address,
            state: 'in_progress',
            applied: [],
            inProgress: ['002_cents'],
            newSchema: two,
            oldSchema: one,
            warnings: [],
            waiting: [],
            schemaQuery: `SET search_path TO ${two}`,
          },
        ],
      },
      stderr: '',
    })
    expect(await json('complete')).toEqual({
      status: 0,
      document: {
        command: 'complete',
        ok: true,
        databases: [
          {
            database: 'default',
            address,
            outcome: 'completed',
            applied: [{ name: '002_cents', durationMs: expect.any(Number) as number }],
            schema: two,
          },
        ],
      },
      stderr: '',
    })
  })

  test('print nothing with --quiet', async () => {
    const { run } = await phasesProject()
    expect(await run('start -q')).toEqual({ status: 0, stdout: '', stderr: '' })
    expect(await run('complete -q')).toEqual({ status: 0, stdout: '', stderr: '' })
  })
})

describe('abort', () => {
  async function withLosses(files: Readonly<Record<string, string>> = {}) {
    const project = await phasesProject()
    for (const [name, text] of Object.entries(files)) project.line.write(name, text)
    await project.run('migrate 2')
    await project.run('start')
    await project.rows('migration_003_vendor', "insert into runs values (1, 5, 'acme'), (2, 6, null)")
    return project
  }

  test('tells what will be lost, asks, and keeps everything when the answer is no', async () => {
    const { run, rows, address } = await withLosses()
    const questions: string[] = []
    const terminal = (answer: boolean) => ({
      interactive: true,
      ask: (question: string) => Promise.resolve(questions.push(question) > 0 && answer),
    })
    expect(await run('abort', terminal(false))).toEqual({
      status: 0,
      stdout: lines(`Aborting on ${address}`, '  will be lost  runs.vendor: 1 row', 'Nothing was changed.'),
      stderr: '',
    })
    expect(questions).toEqual([`Abort on ${address}?`])
    expect(await rows('migration_003_vendor', 'select vendor from runs where id = 1')).toEqual([{ vendor: 'acme' }])

    const { status, stdout } = await run('abort', terminal(true))
    expect(status).toBe(0)
    expect(stdout).toMatch(/\nDone: 003_vendor is taken back\.\n$/)
    expect(await rows('migration_002_cents', 'select * from runs order by id')).toEqual([
      { id: 1, cents: 5 },
      { id: 2, cents: 6 },
    ])
  })

  test('scenario 81: keeps what would be lost in a table, and asks nothing then', async () => {
    const { run, rows } = await withLosses()
    const { status, stdout } = await run('abort --save-lost runs_lost', { interactive: true })
    expect(status).toBe(0)
    expect(stdout).toContain('\n  will be saved  runs.vendor: 1 row\n')
    expect(stdout).toMatch(/\n {2}saved in runs_lost\nDone: 003_vendor is taken back\.\n$/)
    expect(await rows('public', 'select id, vendor from runs_lost')).toEqual([{ id: 1, vendor: 'acme' }])
  })

  test('of a database that is marked as production needs consent', async () => {
    const { run, json, address } = await withLosses({
      'metastore.toml': '[database.main]\nenvironment = "production"\n',
    })
    expect(await run('abort')).toEqual({
      status: 3,
      stdout: lines(`Aborting on ${address}`, '  will be lost  runs.vendor: 1 row'),
      stderr: lines(
        `error [consent_needed] Abort on ${address}? The database is marked as production, and nobody is here to answer.`,
        '  next: Add --yes if that is meant.',
      ),
    })
    expect(await json('abort --yes')).toEqual({
      status: 0,
      document: {
        command: 'abort',
        ok: true,
        databases: [
          {
            database: 'main',
            address,
            outcome: 'aborted',
            migrations: ['003_vendor'],
            lost: [{ what: 'runs.vendor', rows: 1 }],
            saved: [],
          },
        ],
      },
      stderr: '',
    })
  })

  test('fills what the old version does not find null', async () => {
    const { run, rows, line } = await phasesProject()
    await run('migrate 1')
    line.remove('migrations/003_vendor.toml')
    line.write(
      'migrations/002_cents.toml',
      `actions = [
        { type = "create_table", name = "bills", primary_key = ["id"], columns = [
          { name = "id", type = "BIGINT" }, { name = "run_id", type = "BIGINT" }, { name = "cost", type = "NUMERIC(8,2)" } ] },
        { type = "remove_column", table = "runs", column = "cost",
          down = { table = "bills", value = "bills.cost", where = "runs.id = bills.run_id" } } ]\n`,
    )
    await run('start')
    await rows(two, 'insert into runs values (9)')
    const refused = await run('abort')
    expect(refused.status).toBe(3)
    expect(refused.stderr).toMatch(/^error \[abort_blocked\]/)
    expect((await run('status --json')).stdout).toContain('"status": "in_progress"')
    expect((await run('abort --fill 0.01')).status).toBe(0)
    expect(await rows(one, 'select * from runs')).toEqual([{ id: 9, cost: '0.01' }])
  })
})
