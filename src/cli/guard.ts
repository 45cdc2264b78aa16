import { MetastoreError } from '../errors.ts'
import { holdForReplicas, type Guard, type Hold } from '../migrations/migrations.ts'
import { durationForm, parseDuration } from '../project/durations.ts'
import { isOpen, nextOpening, parseWindows, type MaintenanceWindows } from '../project/maintenance-windows.ts'
import type { DatabaseSettings } from '../project/project.ts'
import type { OptionDefinition } from './command.ts'
import type { Context } from './context.ts'
import { list, text, type Input } from './input.ts'

/** The option of commands that a maintenance window binds. */
export const windowOption: OptionDefinition = {
  flags: '--outside-window <name>',
  description: 'the name of a database that may be changed outside of its maintenance window; may be repeated',
  repeats: true,
}

/** The option of commands that start a backfill. */
export const maxLagOption: OptionDefinition = {
  flags: '--max-lag <duration>',
  description: 'how far replicas may be behind before a backfill pauses, as 10s (default: max_lag)',
}

/** What a command is about to do with a database. */
export interface Change {
  readonly command: string
  /** Whether the maintenance window binds it; what leads back to safety does not wait for one. */
  readonly window: boolean
  /** Whether a backfill may be a part of it, which waits for replicas. */
  readonly backfills: boolean
}

/** Who has a say in what one command does with one database, which may be several changes. */
export interface Guards {
  /** What is asked and done before a change; undefined where nothing is. */
  of(change: Change): Guard | undefined
}

/** What is asked and done before one database is changed, by its settings. */
export function guardsOf(settings: DatabaseSettings, input: Input, context: Context): Guards {
  const progress = { begun: false }
  return { of: (change) => guardOf(settings, change, progress, input, context) }
}

function guardOf(
  settings: DatabaseSettings,
  { command, window, backfills }: Change,
  progress: { begun: boolean },
  input: Input,
  context: Context,
): Guard | undefined {
  const { backupCommand } = settings
  const maxLag = backfills ? maxLagOf(settings, input) : null
  const windows = window ? windowsOf(settings, input) : undefined
  if (windows === undefined && backupCommand === null && maxLag === null) return undefined
  const assertOpen = () => {
    // What has begun goes on: of a reset everything is gone already when its migrations run.
    if (progress.begun || windows === undefined || isOpen(windows, new Date())) return
    throw windowClosed(settings, windows)
  }
  return {
    async mayChange(session) {
      assertOpen()
      // Whoever may not see the replicas hears of it now, and not in the middle of a backfill.
      if (maxLag !== null) await holdForReplicas(maxLag)(session)
    },
    async beforeChange() {
      // Whoever has waited long for the lock may have waited too long.
      assertOpen()
      // Of a command in several steps, such as reset, the first one makes the backup.
      if (progress.begun) return
      if (backupCommand !== null) {
        const { runBackup } = await import('./backup.ts')
        await runBackup(backupCommand, { settings, command }, context)
      }
      progress.begun = true
    },
  }
}

/** What a backfill waits for between two batches, by the settings of its database. */
export function holdsOf(settings: DatabaseSettings, input: Input, now: () => Date = () => new Date()): Hold[] {
  const maxLag = maxLagOf(settings, input)
  const windows = settings.afterWindow === 'pause' ? windowsOf(settings, input) : undefined
  return [
    ...(windows === undefined ? [] : [holdOutside(windows, now)]),
    ...(maxLag === null ? [] : [holdForReplicas(maxLag)]),
  ]
}

function holdOutside(windows: MaintenanceWindows, now: () => Date): Hold {
  return () => {
    if (isOpen(windows, now())) return Promise.resolve(null)
    return Promise.resolve(`the maintenance window is closed until ${shown(nextOpening(windows, now()))}.`)
  }
}

function maxLagOf(settings: DatabaseSettings, input: Input): number | null {
  const given = text(input, 'maxLag')
  if (given === undefined) return settings.maxLag
  const lag = parseDuration(given)
  if (lag !== undefined && lag > 0) return lag
  throw new MetastoreError({
    code: 'usage',
    message: `--max-lag must be ${durationForm}, not ${JSON.stringify(given)}.`,
    where: '--max-lag',
    remedy: 'Give a number and, right behind it, a unit: ms, s, m or h.',
  })
}

function windowsOf({ name, maintenanceWindow }: DatabaseSettings, input: Input): MaintenanceWindows | undefined {
  if (maintenanceWindow === null || list(input, 'outsideWindow').includes(name)) return undefined
  return parseWindows(maintenanceWindow)
}

function windowClosed(settings: DatabaseSettings, windows: MaintenanceWindows): MetastoreError {
  const { name, maintenanceWindow, origins } = settings
  const opening = shown(nextOpening(windows, new Date()))
  return new MetastoreError({
    code: 'window_closed',
    message: `The database ${name} may be changed only in its maintenance window, ${maintenanceWindow}, which opens next at ${opening}. Nothing was changed.`,
    where: origins.maintenanceWindow.where ?? name,
    remedy: `Run the same command again then; if it cannot wait, say so with --outside-window ${name}.`,
  })
}

function shown(moment: Date): string {
  return `${moment.toISOString().slice(0, 16).replace('T', ' ')} UTC`
}
