import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { backfillReport } from './backfill-report.ts'
import type { Contender } from './contender.ts'
import { floor } from './contenders/floor.ts'
import { metastore } from './contenders/metastore.ts'
import { liveActions } from './live-actions.ts'
import { liveReport } from './live-report.ts'
import { withFigures } from './page.ts'
import { report } from './report.ts'
import { runBenchmark } from './run.ts'
import { kindOf } from './statements.ts'
import { median, pairedRatio } from './statistics.ts'

const smallest = { files: 2, noOpRounds: 1, applyRounds: 1, startupRounds: 1, races: 0 }

test('the benchmark measures a run of each contender, and metastore keeps its promise when there is nothing to do', async () => {
  const figures = await runBenchmark([floor, metastore], smallest, () => {})

  for (const results of [figures.noOp, figures.apply]) {
    expect(results.map(({ contender }) => contender.name)).toEqual(['floor', 'metastore'])
    for (const { usages } of results) expect(usages).toEqual([expect.objectContaining({ wall: expect.any(Number) })])
  }
  const kinds = figures.noOpStatements.map(({ kind }) => kind)
  expect(kinds).toContain('read')
  expect(kinds.filter((kind) => kind === 'read').length).toBeLessThanOrEqual(3)
  expect(kinds).not.toContain('write')
  expect(kinds).not.toContain('lock')
  expect(
    figures.apply.map(({ statements }) => statements.some(({ text }) => text.includes('create table item_000'))),
  ).toEqual([true, true])
  expect(figures.startup).toMatchObject({ node: [expect.anything()], version: [expect.anything()] })
})

test('a contender that writes when there is nothing to do is found out', async () => {
  const writes: Contender = {
    ...floor,
    name: 'metastore',
    files: () => ({
      'migrate.mjs': `import pg from 'pg'
const client = new pg.Client(process.env.DATABASE_URL)
await client.connect()
await client.query('create table if not exists seen (at timestamptz)')
await client.end()
`,
    }),
  }
  await expect(runBenchmark([writes], smallest, () => {})).rejects.toThrow(
    'metastore promises at most three reads, no write and no lock, and sent:\n  write: create table if not exists seen (at timestamptz)',
  )
})

test('a contender that fails ends the benchmark with what it said', async () => {
  const fails: Contender = { ...floor, files: () => ({ 'migrate.mjs': `throw new Error('I cannot')` }) }
  await expect(runBenchmark([fails], smallest, () => {})).rejects.toThrow('Error: I cannot')
})

test('the report has a row for each contender, with its ratio to the faster floor', () => {
  const usage = (cpu: number) => ({ cpu, wall: cpu * 2, memory: 50 * 2 ** 20 })
  const result = (contender: Contender, ...figures: number[]) => ({
    contender,
    usages: figures.map(usage),
    statements: [{ kind: 'read' as const, text: 'select 1' }],
  })
  const results = [
    result(floor, 100, 120),
    result({ ...floor, name: 'floor, bundled' }, 50, 60),
    result(metastore, 60, 66),
  ]
  const text = report({
    machine: { cores: 2, memory: 8 * 2 ** 30, node: 'v20.20.2', system: 'linux' },
    postgres: { version: '18.4', settings: ['fsync=off'] },
    size: smallest,
    noOp: results,
    noOpStatements: [{ kind: 'read', text: 'select 1' }],
    apply: results,
    startup: { node: [usage(20)], version: [usage(25)] },
    races: [{ contender: metastore, races: 10, won: 9, mended: 10, failures: ['a | b'] }],
  })
  expect(text).toContain('| floor | 110 | 2.00 | 220 | 2.00 | 50 | 1 | 0 | 0 | 0 |')
  expect(text).toContain('| metastore | 63 | 1.15 | 126 | 1.15 | 50 | 1 | 0 | 0 | 0 |')
  expect(text).toContain('| more | 5 | 10 |')
  expect(text).toContain('| metastore | 9 of 10 | 10 of 10 | a   b |')
})

test('what a load felt is told by action and phase, and where a stall grew most', () => {
  const stretch = (p99: number, longest: number, failures = 0) => ({
    name: '',
    statements: 100,
    p99,
    longest,
    failures,
  })
  const felt = {
    alone: stretch(1, 5),
    start: stretch(2, 30),
    abort: stretch(1.5, 6),
    complete: stretch(1, 45, 2),
    plain: stretch(3, 500, 7),
  }
  const text = liveReport({
    machine: { cores: 2, memory: 8 * 2 ** 30, node: 'v20.20.2', system: 'linux' },
    postgres: { version: '18.4', settings: ['fsync=off'] },
    rows: 50_000,
    rounds: 1,
    actions: [{ name: 'add_index', rounds: [felt] }],
    costs: [{ name: 'insert', ratio: 1.5 }],
    commands: [{ command: 'migrate', milliseconds: 300 }],
  })
  expect(text).toContain('| add_index | 1.0 / 5 | 2.0 / 30 | 1.5 / 6 | 1.0 / 45 | 2 | 3.0 / 500 | 7 |')
  expect(text).toContain('The longest stall grew most in complete of add_index: by 40 ms over the load alone.')
  expect(text).toContain('| insert | 1.50 |')
})

test('every kind of action is felt under load', () => {
  const types = [...readFileSync('src/migrations/actions/compile-action.ts', 'utf8').matchAll(/case '(\w+)':/g)]
  expect(types.length).toBeGreaterThan(10)
  expect(new Set(liveActions.map(({ type }) => type))).toEqual(new Set(types.map(([, type]) => type)))
})

test('the speed of a backfill is told with its spread, and its memory with how it grows', () => {
  const finish = (rows: number, seconds: number) => ({ rows, batches: 10, seconds, cpu: seconds })
  const size = (rows: number, own: number[], peak: number) => ({
    rows,
    own: own.map((seconds) => finish(rows, seconds)),
    floor: own.map(() => finish(rows, 1)),
    memory: { own: peak * 2 ** 20, floor: 70 * 2 ** 20 },
  })
  const text = backfillReport({
    machine: { cores: 2, memory: 8 * 2 ** 30, node: 'v20.20.2', system: 'linux' },
    postgres: { version: '18.4', settings: ['fsync=off'] },
    sizes: [size(1000, [1, 1.25, 2], 80), size(2000, [1, 1, 1], 82)],
  })
  expect(text).toContain('| 1000 | 3 | 1000 | 800 | 0.80 | 0.50 to 1.00 | 1.25 | 10 | 80 | 70 |')
  expect(text).toContain('within 25 % of each other, and the peak of memory has grown by 2 MiB.')
})

test('figures replace only what stands between the marks of their section', () => {
  const page =
    'before\n<!-- figures: live -->\nold\n<!-- end of figures -->\n<!-- figures: audit -->\nkept\n<!-- end of figures -->\n'
  expect(withFigures(page, 'live', 'new')).toBe(
    'before\n<!-- figures: live -->\n\nnew\n\n<!-- end of figures -->\n<!-- figures: audit -->\nkept\n<!-- end of figures -->\n',
  )
  expect(() => withFigures(page, 'backfill', 'new')).toThrow(
    'The page has no <!-- figures: backfill --> and <!-- end of figures --> after it.',
  )
})

test('a ratio is taken round by round, and a median is the middle', () => {
  expect(median([3, 1, 2])).toBe(2)
  expect(median([4, 1, 2, 3])).toBe(2.5)
  expect(pairedRatio([10, 200, 33], [10, 100, 30])).toBe(1.1)
})

test.each([
  ['select name from history', 'read'],
  ['select pg_try_advisory_lock(1)', 'lock'],
  ['lock table history in exclusive mode', 'lock'],
  ['select 1 from history for update', 'lock'],
  ['-- lock table\nshow server_version', 'read'],
  ['begin; set local lock_timeout = 0', 'session'],
  ['begin; insert into t values (1)', 'write'],
  ['insert into t values (1)', 'write'],
  ['create table if not exists t ()', 'write'],
])('%j is a %s', (text, kind) => {
  expect(kindOf(text)).toBe(kind)
})
