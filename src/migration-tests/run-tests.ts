import { id, sql } from '../database/database.ts'
import { MetastoreError } from '../errors.ts'
import { resolveName, type MigrationFile } from '../migrations/migrations.ts'
import { silent, type Progress } from '../progress.ts'
import { applyWithStubs, openStates, type ShadowDatabase, type States } from '../shadow/shadow.ts'
import { failureOf, type MigrationTest, type SqlTest, type TestContext, type TestOutcome } from './migration-test.ts'
import { runStatement, staysInState } from './run-sql-test.ts'

/** Where tests run. */
export interface TestOptions {
  /** A directory of the project for what need not be done twice. */
  readonly directory: string
  /** A real server to run on, in databases of their own. */
  readonly server?: string | undefined
  readonly stateSchema: string
  readonly signal?: AbortSignal | undefined
  readonly progress?: Progress | undefined
}

/** Runs tests, those that begin in one state after another, and tells of each when it is done. */
export async function runTests(
  tests: readonly MigrationTest[],
  files: readonly MigrationFile[],
  options: TestOptions,
  tell: (outcome: TestOutcome) => void,
): Promise<TestOutcome[]> {
  const outcomes: TestOutcome[] = []
  const progress = options.progress ?? silent
  progress({ kind: 'begin', task: 'test', total: tests.length })
  await using states = openStates(files, options)
  const beginnings = [...new Set(tests.map(({ begins }) => begins))].sort((one, other) => one - other)
  for (const begins of beginnings) {
    await using shared = sharedDatabase(states, begins)
    for (const test of tests.filter((one) => one.begins === begins)) {
      progress({ kind: 'advance', task: 'test', done: outcomes.length, label: test.title })
      const begun = performance.now()
      const outcome = await outcomeOf(test, begun, async () => {
        if (test.kind === 'sql' && staysInState(test)) await undone(await shared.get(), test)
        else await onItsOwn(states, test, files)
      })
      outcomes.push(outcome)
      tell(outcome)
    }
  }
  progress({ kind: 'end', task: 'test' })
  return outcomes
}

async function outcomeOf(test: MigrationTest, begun: number, work: () => Promise<void>): Promise<TestOutcome> {
  const { title, path } = test
  const time = () => Math.round(performance.now() - begun)
  try {
    await work()
    return { title, path, outcome: 'passed', durationMs: time(), message: null, where: null }
  } catch (error) {
    if (!(error instanceof MetastoreError) || error.code === 'canceled') throw error
    return failureOf(test, error, time())
  }
}

// Opened when the first test asks for it; those that undo what they do share it.
function sharedDatabase(states: States, begins: number) {
  let opened: Promise<ShadowDatabase> | undefined
  return {
    get: () => (opened ??= states.open(begins)),
    async [Symbol.asyncDispose]() {
      const database = await opened?.catch(() => undefined)
      await database?.close()
    },
  }
}

const undo = Symbol('undo')

async function undone({ session }: ShadowDatabase, test: SqlTest): Promise<void> {
  try {
    await session.transaction(
      async (tx) => {
        for (const item of test.items) if (item.kind === 'statement') await runStatement(tx, test, item, true)
        throw undo
      },
      { resetSession: true },
    )
  } catch (error) {
    if (error !== undo) throw error
  }
}

// What migrates commits, so it has a database that is thrown away.
async function onItsOwn(states: States, test: MigrationTest, files: readonly MigrationFile[]): Promise<void> {
  const database = await states.open(test.begins)
  let applied = test.begins
  const names = files.map(({ name }) => name)
  const migrate = async (to: string) => {
    for (const last = names.indexOf(to); applied <= last; applied += 1) {
      const file = files[applied]
      if (file !== undefined) await applyWithStubs(database, files.slice(0, applied), file)
    }
  }
  const rollback = async () => {
    await database.rollback(files.slice(0, applied))
    applied -= 1
  }
  try {
    if (test.kind === 'script') await test.run(contextOf(database, test, { migrate, rollback, names }))
    else {
      for (const item of test.items) {
        if (item.kind === 'statement') await runStatement(database.session, test, item, false)
        else if (item.kind === 'rollback') await rollback()
        else await migrate(item.to ?? '')
      }
    }
  } finally {
    await database.close()
  }
}

function contextOf(
  { session }: ShadowDatabase,
  { subject }: MigrationTest,
  {
    migrate,
    rollback,
    names,
  }: { migrate: (to: string) => Promise<void>; rollback: () => Promise<void>; names: string[] },
): TestContext {
  return {
    db: session,
    sql,
    id,
    migrate: (to) => migrate(to === undefined ? (subject ?? names.at(-1) ?? '') : resolveName(to, names)),
    rollback,
  }
}
