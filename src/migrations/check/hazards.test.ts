import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freshPostgresUrl } from '../../../test/harness/engines.ts'
import { hazardCases, type HazardCase } from '../../../test/harness/hazard-cases.ts'
import { temporaryDirectory } from '../../../test/harness/temporary-directory.ts'
import { introspect, type Catalog } from '../../catalog/catalog.ts'
import { openDatabase, type Database, type Session } from '../../database/database.ts'
import type { Finding } from '../../finding.ts'
import { checkMigrations } from '../check.ts'
import { openEngine } from '../engine.ts'
import { migrate } from '../migrate.ts'
import { findMigrationFiles } from '../read.ts'
import { applyFixes } from './apply-fixes.ts'
import { hazards } from './hazards.ts'

const cases = hazardCases()
let database: Database
let session: Session

beforeAll(async () => {
  database = await openDatabase(await freshPostgresUrl(18))
  session = await database.session()
})

afterAll(async () => {
  await session.close()
  await database.close()
})

/** Empties the database and makes what a case needs. */
async function world(sql: string): Promise<void> {
  await session.script(`
    do $$ declare s text; begin
      for s in select nspname from pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema' loop
        execute format('drop schema %I cascade', s);
      end loop;
    end $$;
    create schema public;`)
  await session.script(sql)
}

async function filesOf(sources: Readonly<Record<string, string>>) {
  const absolute = temporaryDirectory()
  for (const [name, text] of Object.entries(sources)) writeFileSync(path.join(absolute, name), text)
  return findMigrationFiles([{ path: 'm', absolute }])
}

async function check(one: HazardCase, sql = one.sql): Promise<Finding[]> {
  let catalog: Catalog | undefined
  if (one.catalog !== undefined) {
    await world(one.catalog)
    catalog = await introspect(session, 'postgres')
  }
  const { files } = await filesOf({ ...(one.earlier && { '1_earlier.sql': one.earlier }), '2_case.sql': sql })
  const { statistics } = one
  const found = await checkMigrations(files, 'postgres', { catalogBefore: () => catalog, statistics })
  return found.filter(({ file, hazard }) => file === 'm/2_case.sql' && hazard === one.id)
}

describe.each(hazards.map(({ id, title }) => ({ id, title })))('$id, $title,', ({ id }) => {
  const own = cases.filter((one) => one.id === id)

  test.each(own.filter(({ kind }) => kind === 'finds'))('finds $severity: $title', async (one) => {
    const [first] = await check(one)
    expect(first).toMatchObject({ hazard: id, code: hazards.find((hazard) => hazard.id === id)?.code })
    expect(first?.severity).toBe(one.severity)
    expect(first?.message).toMatch(/^[\s\S]+\.$/)
    expect(first?.line).toBeGreaterThan(0)
  })

  test.each(own.filter(({ kind }) => kind !== 'finds'))('is silent: $title', async (one) => {
    expect(await check(one)).toEqual([])
  })
})

const found = cases.filter(({ kind, statistics, earlier }) => kind === 'finds' && !statistics && !earlier)
const runnable = found.filter(({ setup, catalog }) => (setup ?? catalog) !== undefined)

describe('a fix', () => {
  test('is tried wherever one is offered', async () => {
    const untried: string[] = []
    for (const one of found.filter((each) => !runnable.includes(each))) {
      const offered = (await check(one)).some(({ fix, asAction }) => fix !== undefined || asAction !== undefined)
      if (offered) untried.push(`${one.id} ${one.title}`)
    }
    expect(untried).toEqual([])
  })

  test.each(runnable)('of $id leaves nothing of it, and runs: $title', async (one) => {
    const before = await check(one)
    const fixes = before.flatMap(({ fix }) => fix ?? [])
    if (fixes.length === 0) return expect(before).not.toEqual([])
    const { text, applied } = applyFixes(one.sql, fixes)
    expect(applied).toEqual(fixes)
    const after = await check(one, text)
    expect(after.flatMap(({ fix }) => fix ?? [])).toEqual([])
    // What TRUNCATE does is bad enough without CASCADE.
    expect(after.length).toBe(one.sql.startsWith('truncate') ? 1 : 0)
    await run(one, { '2_case.sql': text })
  })

  test.each(runnable)('of $id as an action is a file that is read and runs: $title', async (one) => {
    const actions = (await check(one)).flatMap(({ asAction }) => asAction ?? [])
    for (const asAction of actions) await run(one, { '2_case.toml': asAction })
    expect(actions.length).toBeLessThanOrEqual(1)
  })
})

async function run(one: HazardCase, sources: Readonly<Record<string, string>>): Promise<void> {
  await world('')
  const { files, problems } = await filesOf({ '1_setup.sql': one.setup ?? one.catalog ?? '', ...sources })
  expect(problems).toEqual([])
  await using engine = await openEngine(database, { lockWait: 0 })
  await migrate(engine, files)
}

test('what is found says what the file of expected findings has', async () => {
  const told: string[] = []
  for (const one of cases.filter(({ kind }) => kind === 'finds')) {
    const text = one.sql.trimEnd()
    told.push(`${one.id} ${one.title}`, ...text.split('\n').map((line) => `  | ${line}`))
    for (const { severity, line, column, object, message, remedy, fix } of await check(one)) {
      told.push(`  ${severity} ${line}:${column} ${object ?? '-'}`, `    ${message}`, `    ${remedy}`)
      if (fix)
        told.push(
          `    ${fix.description}`,
          ...applyFixes(text, [fix])
            .text.split('\n')
            .map((each) => `    > ${each}`),
        )
    }
    told.push('')
  }
  await expect(told.join('\n')).toMatchFileSnapshot('./hazards/expected-findings.txt')
})

test('every hazard has a case that is found, one that is not, and a false alarm', () => {
  expect(hazards.map(({ id }) => id)).toEqual(
    Array.from({ length: 48 }, (_, index) => `H${String(index + 1).padStart(2, '0')}`),
  )
  for (const { id } of hazards.filter((hazard) => hazard.id !== 'H48')) {
    const kinds = cases.filter((one) => one.id === id).map(({ kind }) => kind)
    expect(kinds, id).toEqual(expect.arrayContaining(['finds', 'silent', 'false alarm']))
  }
})
