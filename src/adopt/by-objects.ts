import path from 'node:path'
import { comparisonRules, ownersAsExpected, repairsOf, viewsPrintedAlike } from '../audit/audit.ts'
import { asServerTells, diffCatalogs, introspect, type Catalog } from '../catalog/catalog.ts'
import { assertUnmanaged, versionSchemaName, type Engine, type MigrationFile } from '../migrations/migrations.ts'
import { replay, type ReplayOptions, type ShadowStep } from '../shadow/shadow.ts'
import { decide, type Decision, type Decisions } from './decide.ts'

import { evidenceOf, type MigrationEvidence } from './evidence.ts'
import { changedMeanwhile, orderMatters, partlyInEffect, undecidable } from './object-refusals.ts'
import { recordAdoption, standingOf, type RecordOptions, type Standing } from './record.ts'

export { decide }

/** How a database is looked at. */
export interface AssessOptions {
  /** A directory of the project for what need not be found out twice. */
  readonly cacheDirectory: string
  readonly stateSchema: string
  /** A real server to replay on. */
  readonly shadowServer?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** What a database without a history shows of the migrations. */
export interface Assessment {
  /** In the order of the files. */
  readonly evidence: readonly MigrationEvidence[]
  /** SQL that makes the rest of a migration that is partly in effect, in order, by its name. */
  readonly completion: ReadonlyMap<string, readonly string[]>
}

/** What adopting by objects came to. */
export interface ObjectAdoption extends Standing {
  /** The migrations that were recorded, in order. */
  readonly adopted: readonly string[]
}

/**
 * Finds out which migrations are in effect in a database without a history, by what is there: the migrations are replayed on
 * a throw-away database, and what each of them makes is compared. Reads only.
 */
export async function assess(
  engine: Engine,
  files: readonly MigrationFile[],
  options: AssessOptions,
): Promise<Assessment> {
  const replayOptions = replayOptionsOf(engine, options)
  const shadow = await replay(files, replayOptions)
  const { major } = engine.database.server
  const comparable = (catalog: Catalog) => asServerTells(catalog, major)
  const expected = comparable(shadow.catalog)
  const excludeSchemas = [
    options.stateSchema,
    `${options.stateSchema}_sync`,
    ...files.map(({ name }) => versionSchemaName(name)),
  ]
  const live = ownersAsExpected(await introspect(engine.session, 'postgres', { excludeSchemas }), expected)
  const sameMajor = shadow.server.includes(`PostgreSQL ${major}`)
  const printedAlike = sameMajor
    ? new Set<string>()
    : await viewsPrintedAlike({ expected, actual: live }, files, replayOptions)
  const rules = comparisonRules(printedAlike)
  const steps = comparableSteps(await shadow.steps(), comparable)
  const evidence = evidenceOf({
    files,
    start: comparable(shadow.start),
    steps,
    replayed: shadow.files,
    live,
    ignoreChange: rules.ignoreChange,
  })
  return { evidence, completion: completionsOf(evidence, steps, live, rules) }
}

function replayOptionsOf(
  { progress }: Engine,
  { cacheDirectory, shadowServer, stateSchema, signal }: AssessOptions,
): ReplayOptions {
  return { directory: cacheDirectory, server: shadowServer, stateSchema, signal, progress }
}

// One catalog stays one object, so that a step that changes nothing is seen at once.
function comparableSteps(steps: readonly ShadowStep[], comparable: (catalog: Catalog) => Catalog): ShadowStep[] {
  const known = new Map<Catalog, Catalog>()
  const once = (catalog: Catalog): Catalog => {
    const made = known.get(catalog) ?? comparable(catalog)
    known.set(catalog, made)
    return made
  }
  return steps.map(({ name, before, after }) => ({ name, before: once(before), after: once(after) }))
}

// As things should be after the last one that has left anything.
function completionsOf(
  evidence: readonly MigrationEvidence[],
  steps: readonly ShadowStep[],
  live: Catalog,
  rules: ReturnType<typeof comparisonRules>,
): Map<string, readonly string[]> {
  const partly = evidence.filter(({ verdict }) => verdict === 'partly')
  const seen = new Set(
    evidence.filter(({ there, different }) => there.length + different.length > 0).map(({ name }) => name),
  )
  const target = steps.findLast(({ name }) => seen.has(name))?.after
  if (partly.length === 0 || target === undefined) return new Map()
  const differences = diffCatalogs(target, live, rules)
  return new Map(
    partly.map(({ name, missing, different }) => {
      const keys = new Set([...missing, ...different])
      const { statements } = repairsOf(
        differences.filter(({ object }) => keys.has(object.key)),
        target,
        live,
        true,
      )
      return [name, statements.map(({ sql }) => `${sql.inline('postgres')};`)]
    }),
  )
}

/**
 * What is to be recorded. Throws `adoption_partly`, `adoption_undecided`, and `adoption_out_of_order` when a migration that is
 * not in effect comes before one that is and the two give another schema, or none, the other way round.
 */
export async function settle(
  engine: Engine,
  files: readonly MigrationFile[],
  { evidence, completion }: Assessment,
  decisions: Decisions,
  options: AssessOptions,
): Promise<Decision> {
  const decision = decide(evidence, decisions)
  const { address } = engine.database
  if (decision.partly.length > 0) throw partlyInEffect(address, decision.partly, completion)
  if (decision.undecided.length > 0) throw undecidable(address, decision.undecided)
  if (decision.late.length === 0) return decision
  const replayOptions = replayOptionsOf(engine, options)
  const usual = await replay(files, replayOptions)
  const done = new Set(decision.record)
  const reordered = await replay(
    [...files.filter(({ name }) => done.has(name)), ...files.filter(({ name }) => !done.has(name))],
    { ...replayOptions, directory: path.join(options.cacheDirectory, 'reordered') },
  )
  const failing = reordered.files.find(
    ({ name, outcome }) => outcome !== 'applied' && usual.files.find((one) => one.name === name)?.outcome !== outcome,
  )
  const isSame = diffCatalogs(usual.catalog, reordered.catalog, comparisonRules(new Set())).length === 0
  if (failing !== undefined || !isSame) throw orderMatters(address, decision, failing)
  return decision
}

/** Where a database stands of which everything that can be seen is recorded already; undefined for any other. */
export async function standingIfAdopted(
  engine: Engine,
  files: readonly MigrationFile[],
  { evidence }: Assessment,
): Promise<Standing | undefined> {
  const { applied } = await engine.look()
  const names = new Set(applied.map(({ name }) => name))
  const isAll = evidence.every(({ name, verdict }) => verdict !== 'in_effect' || names.has(name))
  return names.size > 0 && isAll ? standingOf(engine, files) : undefined
}

/** Records what was decided, and nothing else is changed. Throws `already_managed`, and `adoption_mismatch` where the database has changed since. */
export async function recordDecision(
  engine: Engine,
  files: readonly MigrationFile[],
  { decision, decisions }: { readonly decision: Decision; readonly decisions: Decisions },
  options: AssessOptions & RecordOptions,
): Promise<ObjectAdoption> {
  if (decision.record.length === 0) return { adopted: [], ...(await standingOf(engine, files)) }
  const choose = async () => {
    const now = decide((await assess(engine, files, options)).evidence, decisions)
    if (now.record.join('\n') !== decision.record.join('\n')) throw changedMeanwhile(engine.database.address)
    return files.filter(({ name }) => now.record.includes(name)).map((file) => ({ file, appliedAt: null }))
  }
  assertUnmanaged(engine, await engine.look())
  await recordAdoption(engine, files, choose, options)
  return { adopted: decision.record, ...(await standingOf(engine, files)) }
}
