import type { Engine } from './engine.ts'
import { parseMigration } from './formats.ts'
import { recordApplied, recordRolledBack } from './history.ts'
import { clearJournal } from './journal.ts'
import type { MigrationFile } from './migration.ts'
import type { Destination } from './resolve.ts'
import { selectPending } from './selection.ts'
import { selectRollback } from './rollback/select.ts'

/** What stamping changed in the history; nothing else was touched. */
export interface StampResult {
  readonly recorded: readonly string[]
  readonly forgotten: readonly string[]
  readonly current: string | null
}

/**
 * Makes the history say that the database is at a destination, without running anything: for a database that was changed by
 * hand. Goes forward by recording pending migrations, and back by taking later ones out of the history.
 */
export async function stamp(engine: Engine, files: readonly MigrationFile[], to: Destination): Promise<StampResult> {
  const forgotten: string[] = []
  const recorded: string[] = []
  await engine.locked(async (run, position) => {
    const back = goesBack(
      position.applied.map(({ name }) => name),
      to,
    )
    const names = back ? selectRollback(position, to) : []
    const forward = back ? [] : selectPending(files, position, { to })
    const migrations = await Promise.all(forward.map((file) => parseMigration(file, engine.database.dialect)))
    await run.session.transaction(
      async (tx) => {
        for (const name of names) {
          tx.beforeCommit(recordRolledBack(run.bookkeeping, name, run.actor))
          tx.beforeCommit(clearJournal(run.bookkeeping, name))
        }
        for (const migration of migrations) {
          const startedAt = new Date()
          tx.beforeCommit(
            recordApplied(run.bookkeeping, migration, run.actor, { how: 'stamped', durationMs: 0, startedAt }),
          )
          tx.beforeCommit(clearJournal(run.bookkeeping, migration.name))
        }
      },
      { resetSession: true },
    )
    forgotten.push(...names)
    recorded.push(...migrations.map(({ name }) => name))
  })
  return { recorded, forgotten, current: (await engine.look()).applied.at(-1)?.name ?? null }
}

/** Takes one migration out of the history without running anything, as when its file was deleted for good. */
export async function forget(engine: Engine, name: string): Promise<StampResult> {
  await engine.locked((run) =>
    run.session.transaction(
      async (tx) => {
        tx.beforeCommit(recordRolledBack(run.bookkeeping, name, run.actor))
        tx.beforeCommit(clearJournal(run.bookkeeping, name))
      },
      { resetSession: true },
    ),
  )
  return { recorded: [], forgotten: [name], current: (await engine.look()).applied.at(-1)?.name ?? null }
}

function goesBack(applied: readonly string[], to: Destination): boolean {
  if (to.kind === 'base') return true
  if (to.kind === 'steps') return to.count < 0
  return to.kind === 'name' && applied.includes(to.name)
}
