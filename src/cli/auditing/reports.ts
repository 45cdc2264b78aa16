import { mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { MetastoreError } from '../../errors.ts'
import type { Facts, WrittenDocument } from '../../report/report.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { text, type Input } from '../input.ts'

/** One tracking document: where it belongs and what it should say. */
export interface TrackingDocument {
  /** As people see it. */
  readonly file: string
  readonly absolute: string
  readonly content: string
  readonly state: WrittenDocument['state']
}

/** The tracking documents of a database as they should be, and whether they are so. */
export async function trackingDocuments(
  facts: Facts,
  { settings }: DatabaseEntry,
  input: Input,
  context: Context,
): Promise<TrackingDocument[]> {
  const { fileOf, modulesOf, trackingDocument } = await import('../../report/report.ts')
  const out = text(input, 'out')
  const { databases } = await context.project()
  // Of several databases each has a directory of its own, so that no document is written over another's.
  const below = databases.length > 1 ? settings.name : ''
  const absolute = out === undefined ? settings.reportDirectory.absolute : path.resolve(context.workingDirectory, out)
  const shown = out ?? settings.reportDirectory.path
  return Promise.all(
    modulesOf(facts, settings.reports).map(async (module) => {
      const content = context.secrets.redact(trackingDocument(module, facts))
      const file = path.join(absolute, below, fileOf(module))
      const before = await readFile(file, 'utf8').catch(() => undefined)
      const state = before === undefined ? 'missing' : before === content ? 'current' : 'stale'
      return { file: path.posix.join(shown, below, fileOf(module)), absolute: file, content, state } as const
    }),
  )
}

/** Writes a text to a file, and the directories that it needs. Throws `file_unwritable`. */
export async function writeText(absolute: string, shown: string, content: string): Promise<void> {
  try {
    await mkdir(path.dirname(absolute), { recursive: true })
    await writeFile(absolute, content)
  } catch (cause) {
    throw new MetastoreError({
      code: 'file_unwritable',
      message: `The file cannot be written: ${(cause as Error).message}.`,
      where: shown,
      remedy: 'Name another place, in a directory that this user may write in.',
      cause,
    })
  }
}

/** Writes the status file of a database. */
export async function writeStatusFile(
  file: string,
  entry: DatabaseEntry,
  input: Input,
  context: Context,
): Promise<void> {
  const { gatherFacts } = await import('./facts.ts')
  const { statusFile } = await import('../../report/report.ts')
  const facts = await gatherFacts(entry, input, context)
  const documents = await trackingDocuments(facts, entry, input, context)
  const content = context.secrets.redact(statusFile(facts, documents))
  await writeText(path.resolve(context.workingDirectory, file), file, content)
  context.output.say(`Written to ${file}.`)
}

/** Refuses a file for one database where several are selected. Throws `usage`. */
export async function refuseOneFileForMany(option: string, file: string, context: Context): Promise<void> {
  const names = (await context.databases()).map(({ settings }) => settings.name)
  if (names.length < 2) return
  throw new MetastoreError({
    code: 'usage',
    message: `${option} ${file} takes the report of one database, but the command is for ${names.length}.`,
    remedy: `Name the one that is meant, with --database NAME: ${names.map((name) => JSON.stringify(name)).join(', ')}.`,
  })
}
