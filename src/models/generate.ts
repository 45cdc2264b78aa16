import {
  describeDifference,
  diffCatalogs,
  type Catalog,
  type DiffOptions,
  renderDifferences,
  type RenderedStatement,
  withoutNotNullConstraints,
} from '../catalog/catalog.ts'
import { versionSchemaName, type MigrationFile } from '../migrations/migrations.ts'
import {
  onEmptyDatabase,
  onReplayedDatabase,
  type ReplayOptions,
  type ShadowDatabase,
  withoutOwner,
} from '../shadow/shadow.ts'
import { makeDesired, type DesiredState } from './desired.ts'
import { othersThan, withOthers } from './other-tables.ts'
import { describePartRename, partRenames, partRenameStatements, withPartRenames } from './part-renames.ts'
import { replayedCatalog } from './replayed-catalog.ts'
import { displayRename, parseRename, possibleRenames, renameStatements, type Rename } from './renames.ts'
import { inPresentOrder, withUnsaid } from './unsaid.ts'

/** What a migration is generated from. */
export interface GenerateInput {
  readonly files: readonly MigrationFile[]
  readonly desired: DesiredState
  /** As `runs.state=status`. */
  readonly renames: readonly string[]
  /** As `runs.state=status`: what looks like a rename and is none. */
  readonly notRenamed: readonly string[]
  /** Decides what nobody has said: whether the first of these is a rename. May throw instead. */
  readonly isRename: (open: readonly [string, ...string[]]) => Promise<boolean>
  /** The tables and views that models are for, as `runs` or `app.runs`; without any, models say everything. */
  readonly ownTables: readonly string[]
  /** The schema that names without one are in. */
  readonly base: string
  readonly shadow: ReplayOptions
}

/** What brings the migrations' state to the desired one, and back. */
export interface Generated {
  /** SQL of each direction, a statement each, without a semicolon; empty when there is nothing to do. */
  readonly up: readonly string[]
  readonly down: readonly string[]
  /** What the way there loses, as `drop column public.runs.state`. */
  readonly losses: readonly string[]
  /** What no statement does, and why, a sentence each. */
  readonly unrendered: readonly string[]
  /** What differs, a sentence each. */
  readonly differences: readonly string[]
  readonly renames: readonly Rename[]
  /** What the migrations make, with the renames made; and what is wanted. */
  readonly current: Catalog
  readonly wanted: Catalog
}

/**
 * Compares what the migrations make with the desired state, on throw-away databases. A rename is made only when it is told:
 * from two states nobody can tell it from a removal. Throws `usage` for a rename of nothing, `configuration_invalid` for own tables
 * that there are none of, and the desired state's own errors.
 */
export async function generate(input: GenerateInput): Promise<Generated> {
  const { files, desired, shadow } = input
  const state = shadow.stateSchema ?? 'metastore'
  const excluded = [state, `${state}_sync`, ...files.map(({ name }) => versionSchemaName(name))]
  const catalogOf = async (database: ShadowDatabase) =>
    // The file is to run on servers that have no names for them, too: NOT NULL is said of the column.
    withoutNotNullConstraints(withoutOwner(await database.catalog(excluded), database.role))
  const before = withoutNotNullConstraints(await replayedCatalog(files, shadow))
  const made = await onEmptyDatabase(shadow, async (empty) => {
    await makeDesired(empty, desired, before)
    return catalogOf(empty)
  })
  const isOther = othersThan(desired.kind === 'models' ? input.ownTables : [], { made, before }, input.base)
  const wantedBeside = (current: Catalog) => {
    if (desired.kind === 'sql') return inPresentOrder(made, current)
    const wanted = withUnsaid(made, current, desired.existingViews)
    return inPresentOrder(input.ownTables.length === 0 ? wanted : withOthers(wanted, current, isOther), current)
  }
  const first = await firstRename(input, wantedBeside(before), before)
  if (first === undefined) return compare(wantedBeside(before), before, [])
  return onReplayedDatabase(files, shadow, async (database) => {
    const rename = async (one: Rename) => {
      await database.run(`${renameStatements(one).up.inline('postgres')};`)
      return catalogOf(database)
    }
    const { renames, current } = await decideRenames({ ...input, ...first }, { before, wantedBeside, rename })
    return compare(wantedBeside(current), current, renames)
  })
}

// A database is needed only where something is renamed.
async function firstRename(
  { renames, notRenamed, isRename, base }: GenerateInput,
  wanted: Catalog,
  before: Catalog,
): Promise<Pick<GenerateInput, 'renames' | 'notRenamed'> | undefined> {
  if (renames.length > 0) return { renames, notRenamed }
  const refused = notRenamed.map(withoutSpaces)
  for (;;) {
    const texts = possibleRenames(before, wanted).map((one) => displayRename(one, base))
    const [first, ...others] = texts.filter((text) => !refused.includes(text))
    if (first === undefined) return undefined
    if (await isRename([first, ...others])) return { renames: [first], notRenamed: refused }
    refused.push(first)
  }
}

function withoutSpaces(text: string): string {
  return text.replaceAll(/\s/g, '')
}

interface Deciding {
  readonly before: Catalog
  readonly wantedBeside: (current: Catalog) => Catalog
  readonly rename: (one: Rename) => Promise<Catalog>
}

async function decideRenames(
  { renames: told, notRenamed, isRename, base }: GenerateInput,
  { before, wantedBeside, rename }: Deciding,
): Promise<{ readonly renames: readonly Rename[]; readonly current: Catalog }> {
  const renames: Rename[] = []
  let current = before
  const make = async (one: Rename) => {
    renames.push(one)
    current = await rename(one)
  }
  for (const text of told) await make(parseRename(text, current, base))
  const refused = new Set(notRenamed.map(withoutSpaces))
  for (;;) {
    const candidates = possibleRenames(current, wantedBeside(current))
    const open = candidates.filter((one) => !refused.has(displayRename(one, base)))
    const [first, ...others] = open
    if (first === undefined) return { renames, current }
    const texts = others.map((one) => displayRename(one, base))
    if (await isRename([displayRename(first, base), ...texts])) await make(first)
    else refused.add(displayRename(first, base))
  }
}

function compare(wanted: Catalog, made: Catalog, renames: readonly Rename[]): Generated {
  const partsRenamed = partRenames(made, wanted)
  const current = withPartRenames(made, partsRenamed)
  const options: DiffOptions = { ignoreChange: (_, { property }) => property === 'owner' }
  const differences = diffCatalogs(wanted, current, options)
  const there = renderDifferences(differences, wanted, current)
  const back = renderDifferences(diffCatalogs(current, wanted, options), current, wanted)
  const renamed = renames.map(renameStatements)
  const parts = partsRenamed.map(partRenameStatements)
  return {
    up: [
      ...renamed.map(({ up }) => up.inline('postgres')),
      ...parts.map(({ up }) => up),
      ...there.statements.map(textOf),
    ],
    down: [
      ...back.statements.map(textOf),
      ...parts.toReversed().map(({ down }) => down),
      ...renamed.toReversed().map(({ down }) => down.inline('postgres')),
    ],
    losses: there.statements.filter(({ losesData }) => losesData).map(({ label }) => label),
    unrendered: there.unrendered.map(({ difference, reason }) => `${describeDifference(difference)} ${reason}`),
    differences: [...differences.map(describeDifference), ...partsRenamed.map(describePartRename)],
    renames,
    current,
    wanted,
  }
}

function textOf({ sql }: RenderedStatement): string {
  return sql.inline('postgres').trim()
}
