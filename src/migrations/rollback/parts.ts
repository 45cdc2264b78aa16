import { MetastoreError } from '../../errors.ts'
import type { ActionsPart, Migration, MigrationFile } from '../migration.ts'
import { internalName } from '../batch/names.ts'
import type { Engine } from '../engine.ts'
import { parseMigration } from '../formats.ts'
import { readAppliedSource, readHistory, type HistoryEntry } from '../history.ts'
import { runsWhole, type WholeMigration } from '../run.ts'
import type { StoredRollback } from '../stored-batch.ts'
import { readSnapshots, type Snapshot } from '../snapshot.ts'
import { inverseOf } from './inverse.ts'
import type { Inversion } from './inversion.ts'
import { lossQueries, type LossQuery } from './losses.ts'
import type { Model } from './model.ts'
import { learn, modelOf } from './read-model.ts'

/** What takes back one migration: its own down part, or actions that are derived from its own. */
export type RollbackPart = WholePart | DerivedPart

/** A migration that goes back by its down part. */
export interface WholePart {
  readonly kind: 'whole'
  readonly name: string
  readonly migration: WholeMigration
}

/** A migration of actions, with actions that undo it. */
export interface DerivedPart {
  readonly kind: 'batch'
  readonly name: string
  /** Undoes the migration of its name. */
  readonly migration: Migration
  /** The version that there is afterwards; where there is none, a name for the time until then. */
  readonly target: string
  readonly rollback: StoredRollback
  readonly base: string
  /** What may be lost, to be asked of the database as it is before anything is rolled back. */
  readonly losses: readonly LossQuery[]
  /** The same, to be asked when everything newer is rolled back. */
  readonly ownLosses: readonly LossQuery[]
  readonly remarks: readonly string[]
}

type Reader = Pick<Engine, 'database' | 'session' | 'bookkeeping'>

/**
 * What takes back these migrations, the newest first. Throws `migration_irreversible` naming every one that cannot go back, and
 * `migration_missing`.
 */
export async function readRollback(
  engine: Reader,
  files: readonly MigrationFile[],
  names: readonly string[],
): Promise<RollbackPart[]> {
  const byName = new Map(files.map((file) => [file.name, file]))
  const applied: Migration[] = []
  for (const name of names) applied.push(await readApplied(engine, byName.get(name), name))
  const derived = await deriveAll(engine, applied.filter((migration) => !runsWhole(migration)).reverse())
  const parts: RollbackPart[] = []
  const irreversible: Irreversible[] = []
  for (const migration of applied) {
    const { name } = migration
    if (runsWhole(migration)) {
      if (migration.down === undefined) irreversible.push({ migration, obstacles: undefined })
      else parts.push({ kind: 'whole', name, migration })
      continue
    }
    const one = derived.get(name)
    if (one === undefined) irreversible.push({ migration, obstacles: [unknownBefore] })
    else if (one.inversion.obstacles.length > 0) irreversible.push({ migration, obstacles: one.inversion.obstacles })
    else parts.push(await derivedPart(one))
  }
  const [first, ...others] = irreversible
  if (first !== undefined) throw cannotGoBack(first, others)
  return parts
}

const unknownBefore =
  'What the schema was before it is not known: it was recorded without being run, or its batch was completed by an earlier version of metastore.'

// Of actions the text that was applied, since that is what is undone.
async function readApplied(engine: Reader, file: MigrationFile | undefined, name: string): Promise<Migration> {
  const { dialect } = engine.database
  if (file !== undefined && file.format !== 'actions') return parseMigration(file, dialect)
  const stored = await readAppliedSource(engine.session, engine.bookkeeping, name)
  const path = file?.path ?? `${name} (from the history)`
  if (stored === undefined || stored.format === 'script') throw fileIsGone(name)
  const from: MigrationFile = {
    name,
    version: null,
    path,
    absolutePath: file?.absolutePath ?? path,
    format: stored.format,
    source: stored.source,
    checksum: '',
    // Whoever applied it has put up with them.
    unknownKeys: 'warn',
    ...(stored.downSource !== null && { down: { path: `${path} (down)`, source: stored.downSource } }),
  }
  return parseMigration(from, dialect)
}

interface Derived {
  readonly inversion: Inversion
  readonly snapshot: Snapshot
  readonly previous: string | null
  readonly ownLosses: readonly LossQuery[]
  /** All losses of all migrations together, under the names of the newest of them. */
  readonly losses: () => readonly LossQuery[]
}

// The oldest first: each one is undone from the schema that it found.
async function deriveAll(engine: Reader, migrations: readonly Migration[]): Promise<ReadonlyMap<string, Derived>> {
  const derived = new Map<string, Derived>()
  if (migrations.length === 0) return derived
  const inEffect = (await readHistory(engine.session, engine.bookkeeping)).filter(
    (entry) => entry.rolledBackAt === null,
  )
  const snapshots = new Map((await readSnapshots(engine.session, engine.bookkeeping)).map((one) => [one.batch, one]))
  let model: Model | undefined
  let standing: Snapshot | undefined
  let afterScript = () => {}
  for (const migration of migrations) {
    const entry = inEffect.find(({ name }) => name === migration.name)
    const snapshot = entry && snapshots.get(entry.batch)
    if (entry === undefined || snapshot === undefined) continue
    const earlier = inEffect.filter(({ batch, position }) => batch === entry.batch && position < entry.position)
    if (snapshot !== standing || model === undefined) {
      model = modelOf(snapshot.catalogs[0], { base: snapshot.base, version: snapshot.oldVersion, before: model })
      afterScript = scripts(model, snapshot)
      for (const one of earlier) inverseOf({ ...(await toInvert(engine, one)), afterScript }, model, snapshot.base)
      standing = snapshot
    }
    const toUndo = { name: migration.name, actions: actionsOf(migration), afterScript }
    const inversion = inverseOf(toUndo, model, snapshot.base)
    const { base, oldVersion } = snapshot
    derived.set(migration.name, {
      inversion,
      snapshot,
      previous: earlier.at(-1)?.name ?? oldVersion,
      ownLosses: lossQueries(inversion.losses, base),
      losses: () => lossQueries(inversion.losses, base),
    })
  }
  return derived
}

// Each call is about the next one of the batch.
function scripts(model: Model, { catalogs, base }: Snapshot): () => void {
  let place = 0
  return () => {
    const [before, after] = catalogs.slice(place, place + 2)
    if (before !== undefined && after !== undefined) learn(model, before, after, base)
    place += 1
  }
}

async function toInvert(
  engine: Reader,
  { name }: HistoryEntry,
): Promise<{ name: string; actions: ActionsPart['actions'] }> {
  return { name, actions: actionsOf(await readApplied(engine, undefined, name)) }
}

function actionsOf({ name, up }: Migration): ActionsPart['actions'] {
  if (up.kind !== 'actions') throw new RangeError(`Migration ${name} holds no actions.`)
  return up.actions
}

async function derivedPart({ inversion, snapshot, previous, losses, ownLosses }: Derived): Promise<DerivedPart> {
  const { name, remarks, columnOrder } = inversion
  const path = `rollback of ${name}`
  const source = JSON.stringify({ actions: inversion.actions }, null, 2)
  const file = { name, version: null, path, absolutePath: path, format: 'actions' as const, source, checksum: '' }
  return {
    kind: 'batch',
    name,
    migration: await parseMigration(file, 'postgres'),
    target: previous ?? internalName(name, 'before'),
    rollback: { last: previous === null, columnOrder },
    base: snapshot.base,
    losses: losses(),
    ownLosses,
    remarks,
  }
}

interface Irreversible {
  readonly migration: Migration
  /** Undefined for a file without a down part. */
  readonly obstacles: readonly string[] | undefined
}

function cannotGoBack({ migration, obstacles }: Irreversible, others: readonly Irreversible[]): MetastoreError {
  const { name, file } = migration
  const details = others.map((other) =>
    other.obstacles === undefined
      ? `Also without a down part: ${other.migration.file.path}`
      : `Nor can ${other.migration.name}: ${other.obstacles.join(' ')}`,
  )
  if (obstacles === undefined) {
    return new MetastoreError({
      code: 'migration_irreversible',
      message: `Migration ${name} has no down part, so it cannot be rolled back. Nothing was changed.`,
      where: file.path,
      remedy:
        'Add a down part to the file (-- metastore:down, then the SQL that undoes it) and run again, or undo it by a new migration.',
      details,
    })
  }
  return new MetastoreError({
    code: 'migration_irreversible',
    message: `Migration ${name} cannot be rolled back. ${obstacles.join(' ')} Nothing was changed.`,
    where: file.path,
    remedy: 'Undo it by a new migration.',
    details,
  })
}

function fileIsGone(name: string): MetastoreError {
  return new MetastoreError({
    code: 'migration_missing',
    message: `Migration ${name} cannot be rolled back: its file is gone.`,
    where: name,
    remedy: 'Restore the file and run again.',
  })
}
