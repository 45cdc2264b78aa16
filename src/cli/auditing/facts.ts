import { readHistory, type Engine } from '../../migrations/migrations.ts'
import { MetastoreError } from '../../errors.ts'
import type { AuditReport } from '../../audit/audit.ts'
import type { ExpectationFact, Facts, MigrationFact, SeedFact } from '../../report/report.ts'
import { countRows } from '../../reset/reset.ts'
import {
  planSeeds,
  readSeedHistory,
  seedHistory,
  verifySeeds,
  type SeedOptions,
  type SeedResult,
} from '../../seeds/seeds.ts'
import { offsetOfCodePoint } from '../../text-position.ts'
import { auditOf } from '../commands/audit.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { text, type Input } from '../input.ts'
import { seedOptions, seedSelection } from '../seeding/seed-options.ts'

/** Gathers what reports are made of. Nothing is written. */
export async function gatherFacts(entry: DatabaseEntry, input: Input, context: Context): Promise<Facts> {
  await entry.files()
  await using engine = await entry.engine({ command: 'report', reads: true })
  const { files, waiting } = await entry.migrationsOn(engine)
  const report =
    engine.database.dialect === 'postgres' ? (await auditOf(engine, files, entry, input, context)).report : null
  const history = await migrationHistory(engine)
  const { seeds, seedProblem, expectations } = await seedFacts(engine, entry, input, context)
  return {
    database: entry.settings.name,
    schema: baseSchema(engine, entry),
    server: engine.database.server.name,
    current: (await engine.look()).applied.at(-1)?.name ?? null,
    migrations: [
      ...files.map(({ name }): MigrationFact => {
        const appliedAt = history.get(name) ?? null
        return { name, state: appliedAt === null ? 'pending' : 'applied', appliedAt, ...provided(report, name) }
      }),
      ...waiting.map(({ name }): MigrationFact => ({
        name,
        state: 'waiting',
        appliedAt: null,
        tables: [],
        lacking: [],
      })),
    ],
    seeds,
    seedProblem,
    expectations,
    findings:
      report?.findings.map(({ severity, code, message, remedy, objectKey }) => ({
        severity,
        code,
        message,
        remedy,
        object: objectKey,
      })) ?? null,
    rows: await countRows(engine, entry.settings.stateSchema),
  }
}

// SQLite has one schema only.
function baseSchema({ database }: Engine, { settings }: DatabaseEntry): string {
  return database.dialect === 'sqlite' ? 'main' : settings.schema
}

async function migrationHistory(engine: Engine): Promise<ReadonlyMap<string, string>> {
  if ((await engine.look()).state.layout === null) return new Map()
  const history = await readHistory(engine.session, engine.bookkeeping)
  return new Map(
    history.filter(({ rolledBackAt }) => rolledBackAt === null).map(({ name, appliedAt }) => [name, appliedAt]),
  )
}

function provided(report: AuditReport | null, name: string): Pick<MigrationFact, 'tables' | 'lacking'> {
  const provides = report?.migrations.find((migration) => migration.name === name)?.provides ?? []
  return {
    tables: provides.filter(({ kind }) => kind === 'table').map(({ key }) => key.slice('table '.length)),
    lacking: provides.filter(({ state }) => state !== 'there').map(({ key }) => key),
  }
}

async function seedFacts(
  engine: Engine,
  entry: DatabaseEntry,
  input: Input,
  context: Context,
): Promise<Pick<Facts, 'seeds' | 'seedProblem' | 'expectations'>> {
  const selection = await seedSelection(entry, context, { set: text(input, 'set') })
  const environment = text(input, 'environment') ?? entry.settings.environment
  const options = await seedOptions(engine, entry, context, { ...selection, environment, force: true })
  const history = await readSeedHistory(engine.session, seedHistory(engine.database, options.stateSchema))
  const plan = await wrongOrRight(() => planSeeds(options))
  const seeds = options.files.map(({ path: file, checksum }): SeedFact => {
    const applied = history.find((one) => one.set === options.set && one.file === file)
    const planned = plan instanceof MetastoreError ? undefined : plan.files.find((one) => one.file === file)
    const state = applied === undefined ? 'pending' : applied.checksum === checksum ? 'applied' : 'changed'
    return {
      file,
      state: planned?.state === 'skipped' ? 'skipped' : state,
      appliedAt: applied?.appliedAt ?? null,
      tables: tablesOf(planned, baseSchema(engine, entry)),
      problem: plan instanceof MetastoreError ? problemOf(plan, file) : null,
    }
  })
  if (!(plan instanceof MetastoreError))
    return { seeds, seedProblem: null, expectations: await expectationFacts(options) }
  const { where, message } = plan
  return { seeds, seedProblem: where === undefined ? message : `${where}: ${message}`, expectations: null }
}

async function wrongOrRight(work: () => Promise<SeedResult>): Promise<SeedResult | MetastoreError> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof MetastoreError && error.kind === 'input') return error
    throw error
  }
}

function problemOf({ message, where, details }: MetastoreError, file: string): string | null {
  const isOf = (place: string) => place === file || place.startsWith(`${file}:`)
  if (isOf(where ?? '')) return message
  return details.find(isOf) ?? null
}

function tablesOf(planned: SeedResult['files'][number] | undefined, schema: string): SeedFact['tables'] {
  return (planned?.steps ?? []).map(({ table, inserted, updated, unchanged }) => ({
    table: table.includes('.') ? table : `${schema}.${table}`,
    missing: inserted,
    different: updated,
    asListed: unchanged,
  }))
}

// What an expectation is about stands in its file, from its place to that of the next one.
async function expectationFacts(options: SeedOptions): Promise<ExpectationFact[]> {
  const results = await verifySeeds(options)
  const places = results.map(({ where }) => {
    const [, path = '', line = '1', column = '1'] = /^(.*):(\d+):(\d+)$/.exec(where) ?? []
    const source = options.files.find((file) => file.path === path)?.source ?? ''
    return { path, source, offset: offsetAt(source, Number(line), Number(column)) }
  })
  return results.map(({ name, ok, expected, found }, index) => {
    const { path = '', source = '', offset = 0 } = places[index] ?? {}
    const next = places[index + 1]
    const about = source.slice(offset, next?.path === path ? next.offset : undefined)
    return { name, ok, expected, found, about }
  })
}

function offsetAt(source: string, line: number, column: number): number {
  const lines = source.split('\n')
  const before = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0)
  return before + offsetOfCodePoint(lines[line - 1] ?? '', column - 1)
}
