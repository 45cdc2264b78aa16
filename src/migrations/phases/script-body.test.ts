import { describe, expect, test } from 'vitest'
import { batchWorld, refusalOf } from '../../../test/harness/batch-world.ts'
import { freshPostgresUrl } from '../../../test/harness/engines.ts'
import { makes, script, step } from '../../../test/harness/handmade-batch.ts'

const fresh = () => freshPostgresUrl(18)

describe('SQL of an author', () => {
  test('runs in one transaction, in the base schema, and what it sets does not last', async () => {
    const world = await batchWorld(await fresh(), () => ({
      start: [
        step(
          'one',
          script(`create schema other; create table here (id int); set search_path to other; set role pg_monitor`),
        ),
        makes('there'),
      ],
    }))
    await world.start()
    expect(await world.tables()).toEqual(['here', 'there'])
  })

  test('that fails leaves nothing of itself, and its place in the file is told', async () => {
    const text = 'create table one (id int);\nselect nothing from nowhere;'
    const world = await batchWorld(await fresh(), () => ({ start: [step('one', script(text))] }))
    expect(await refusalOf(world.start())).toMatchObject({
      message: 'relation "nowhere" does not exist.',
      where: 'migrations/handmade.json:2:21',
    })
    expect(await world.tables()).toEqual([])
  })

  test('outside a transaction that fails half-way is taken back by what the author gave for that', async () => {
    const text = `-- metastore: no-transaction
      create table log (what text);
      create index concurrently log_what on log (what);
      insert into log select what from missing;`
    const undo = script('-- metastore: no-transaction\ndrop index concurrently if exists log_what;\ndrop table log;')
    const world = await batchWorld(await fresh(), () => ({ start: [step('one', script(text), undo)] }))
    expect(await refusalOf(world.start())).toMatchObject({
      message: 'relation "missing" does not exist.',
      where: 'migrations/handmade.json:4:40',
    })
    expect(await world.tables()).toEqual([])
    expect(await world.status()).toMatchObject({ state: 'idle' })
  })

  test('of which nobody can tell whether it took effect is for a person to decide, and nothing is taken back', async () => {
    const text = '-- metastore: no-transaction\nvacuum;\ndo $$ begin perform 1; end $$;'
    const world = await batchWorld(await fresh(), () => ({ start: [makes('first'), step('one', script(text))] }))
    const { options, engine } = world.interruptedAfter('make first')
    await refusalOf(world.start(options, engine))
    // As a run leaves it that is killed in the middle of the statement.
    const [begun] = await world.query(`select value::jsonb ->> 'id' as batch from metastore.state where key = 'batch'`)
    const keys = await statementKeys(text)
    await world.query(`insert into metastore.steps (batch, phase, step, label, status, progress, duration_ms, updated_at)
      values ('${String(begun?.['batch'])}', 'start', 'one', 'one', 'intent',
        '${JSON.stringify({ done: keys.slice(0, 1), begun: keys[1] })}', 0, now())`)
    expect(await refusalOf(world.start())).toMatchObject({
      code: 'step_outcome_unknown',
      message:
        'An earlier run was cut off while it ran this statement of 1_a outside a transaction, and nothing tells whether it took effect: do $$ begin perform 1; end $$',
      remedy:
        'Look at the database, then run again with --interrupted rerun, or with --interrupted skip if it has happened.',
    })
    expect(await world.status()).toMatchObject({ state: 'applying' })
    expect(await world.start({}, { interrupted: 'skip' })).toMatchObject({ state: 'in_progress' })
  })
})

async function statementKeys(text: string): Promise<string[]> {
  const { compilePart } = await import('../compile.ts')
  const part = { kind: 'sql', text, source: text, path: 'x', offset: 0, transaction: false } as const
  return (await compilePart(part, 'postgres')).steps.map(({ key }) => key)
}
