import { describe, expect, test } from 'vitest'
import { lines } from './command-line.ts'
import { phasesProject, type PhasesProject } from './phases-project.ts'

async function migrated(): Promise<PhasesProject> {
  const project = await phasesProject()
  await project.run('migrate')
  await project.rows('migration_003_vendor', 'insert into runs (id, cents) values (1, 150), (2, 20)')
  return project
}

const loses = 'Rolling back 003_vendor would lose data: runs.vendor (1 row). Nothing was changed.'
const remedy =
  'Save what is needed and run again with --allow-data-loss, or go on with a new migration that keeps the data.'

describe('rollback of actions', () => {
  test.each(['rollback', 'downgrade -1'])('%s shows its steps, and the version before is in use', async (words) => {
    const { run, rows, address } = await migrated()
    expect(await run(words)).toEqual({
      status: 0,
      stdout: lines(
        `Rolling back ${address}`,
        '  done create schema migration_002_cents',
        '  done drop column runs.vendor  003_vendor',
        '  rolled back 003_vendor  DURATION',
        'Done: 1 migration rolled back, it is at 002_cents.',
      ),
      stderr: '',
    })
    expect(await rows('migration_002_cents', 'select id, cents from runs order by id')).toEqual([
      { id: 1, cents: 150 },
      { id: 2, cents: 20 },
    ])
  })

  test.each(['rollback', 'downgrade -1'])(
    '%s is refused where it loses data, unless that is allowed',
    async (words) => {
      const { run, json, rows } = await migrated()
      await rows('migration_003_vendor', `update runs set vendor = 'acme' where id = 1`)
      expect(await run(words)).toEqual({
        status: 3,
        stdout: '',
        stderr: lines(`error [rollback_loses_data] ${loses}`, '  at 003_vendor', `  next: ${remedy}`),
      })
      expect(await json(`${words} --allow-data-loss`)).toMatchObject({
        status: 0,
        document: { ok: true, databases: [{ rolledBack: [{ name: '003_vendor' }], current: '002_cents' }] },
      })
    },
  )

  test('plan shows what it would run, and changes nothing', async () => {
    const { run, json } = await migrated()
    const { status, stdout } = await run('plan --rollback 2')
    expect(status).toBe(0)
    expect(stdout).toContain('-- 003_vendor (down, rollback of 003_vendor), in phases, journalled')
    expect(stdout).toContain('create schema "migration_002_cents"')
    expect(stdout).toContain('-- 002_cents (down, rollback of 002_cents), in phases, journalled')
    expect(stdout).toContain('-- Its steps depend on what runs before it.')
    expect(await json('status')).toMatchObject({ document: { databases: [{ state: 'idle', current: '003_vendor' }] } })
  })

  test('that was interrupted is told by status and refused by others, and goes on', async () => {
    const { run, address } = await migrated()
    const controller = new AbortController()
    const onWrite = (text: string) => {
      if (text.includes('create schema')) controller.abort()
    }
    const cut = await run('rollback', { signal: controller.signal, onWrite })
    expect(cut.status).toBe(1)
    expect((await run('status')).stdout).toBe(
      lines(
        `${address}: a rollback was interrupted; metastore rollback goes on, metastore abort keeps what it takes back`,
        '  3 migrations applied, the newest is 003_vendor',
        '  rolling back  003_vendor',
        '  old version  migration_003_vendor',
        '  new version  migration_002_cents',
      ),
    )
    expect(await run('migrate')).toMatchObject({
      status: 3,
      stderr: lines(
        'error [batch_in_progress] The rollback of 003_vendor was interrupted and is not finished.',
        '  next: Go on with metastore rollback, or take it back with metastore abort; then run this again.',
      ),
    })
    expect(await run('complete')).toEqual({
      status: 0,
      stdout: lines(
        `Completing on ${address}`,
        '  done drop column runs.vendor  003_vendor',
        '  rolled back 003_vendor  DURATION',
        'Done: 1 migration rolled back. The application uses migration_002_cents.',
      ),
      stderr: '',
    })
  })

  test('goes on when it is run again, and takes no other one back', async () => {
    const { run } = await migrated()
    const controller = new AbortController()
    const onWrite = (text: string) => {
      if (text.includes('drop column runs.vendor')) controller.abort()
    }
    expect(await run('rollback', { signal: controller.signal, onWrite })).toMatchObject({ status: 1 })
    expect((await run('status')).stdout).toContain(': a rollback was interrupted; metastore rollback goes on\n')
    expect((await run('rollback')).stdout).toContain('Done: 1 migration rolled back, it is at 002_cents.\n')
  })
})
