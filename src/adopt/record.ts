import {
  assertUnmanaged,
  baselineVersion,
  makeVersionSchema,
  noteBaseline,
  parseMigration,
  recordAsApplied,
  versionSchemaName,
  type Engine,
  type MigrationFile,
} from '../migrations/migrations.ts'

/** A file that is recorded as applied; when it was is null where nobody knows. */
export interface Applied {
  readonly file: MigrationFile
  readonly appliedAt: Date | null
}

/** How a database is adopted, whatever from. */
export interface RecordOptions {
  /** The schema that holds the real tables. */
  readonly base: string
  readonly exposeViews: boolean
  /** The migration whose version schema the other tool has made; made by us where there is none. */
  readonly version?: string | undefined
}

/** Where a database stands after it was adopted. */
export interface Standing {
  readonly pending: readonly string[]
  readonly current: string | null
  /** The version schema that applications can use; null where there is none. */
  readonly schema: string | null
}

/**
 * Records migrations as applied, in one transaction and under the lock, on a database that nobody manages. `choose` is asked
 * again under the lock. Throws `already_managed`.
 */
export async function recordAdoption(
  engine: Engine,
  files: readonly MigrationFile[],
  choose: () => Promise<readonly Applied[]>,
  { base, exposeViews, version }: RecordOptions,
): Promise<void> {
  await engine.locked(async (run, position) => {
    assertUnmanaged(engine, position)
    const chosen = await choose()
    const migrations = await Promise.all(
      chosen.map(async ({ file, appliedAt }) => ({ migration: await parseMigration(file, 'postgres'), appliedAt })),
    )
    const shown =
      version ??
      baselineVersion(
        engine,
        chosen.map(({ file }) => file),
        files,
      )
    await run.session.transaction(
      async (tx) => {
        for (const { migration, appliedAt } of migrations) await recordAsApplied(run, tx, migration, appliedAt)
        if (shown !== null && chosen.length > 0) {
          await makeVersionSchema(run, tx, shown, base, { mayExist: version !== undefined, exposeViews })
        }
        await noteBaseline(run, tx)
      },
      { resetSession: true },
    )
  })
}

/** Where a database stands against its files. */
export async function standingOf(engine: Engine, files: readonly MigrationFile[]): Promise<Standing> {
  const { applied, state } = await engine.look()
  const names = new Set(applied.map(({ name }) => name))
  return {
    pending: files.map(({ name }) => name).filter((name) => !names.has(name)),
    current: applied.at(-1)?.name ?? null,
    schema: state.version === null ? null : versionSchemaName(state.version),
  }
}
