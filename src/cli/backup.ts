import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import path from 'node:path'
import { parseDatabaseUrl, type DatabaseTarget } from '../database/database.ts'
import { MetastoreError } from '../errors.ts'
import type { DatabaseSettings } from '../project/project.ts'
import type { Secrets } from '../secrets/redaction.ts'
import type { Context } from './context.ts'

/** What a backup is made for. */
export interface BackupOccasion {
  readonly settings: DatabaseSettings
  /** The command that is about to change the database. */
  readonly command: string
}

// The last lines of a program that failed say why.
const mostLines = 20

/** The program of a backup command, as it is looked for. */
export function backupProgram([program = '']: readonly string[], settings: DatabaseSettings, command: string): string {
  return fillIn(program, factsOf(settings, command))
}

/**
 * Runs the program that has to succeed before a database is changed, without a shell, and shows what it says. It learns by its
 * environment which database is meant. Throws `backup_failed`.
 */
export async function runBackup(
  words: readonly string[],
  { settings, command }: BackupOccasion,
  context: Context,
): Promise<void> {
  const { output, environment, signal, secrets } = context
  const { directory } = await context.project()
  const facts = factsOf(settings, command)
  const [program = '', ...rest] = words.map((word) => fillIn(word, facts))
  addCredentials(secrets, environment, rest)
  output.say(`Running ${path.basename(program)} before ${settings.name} is changed`)
  const said: string[] = []
  const verdict = await run(
    { program, words: rest, directory, environment: { ...environment, ...variablesOf(settings, facts) }, signal },
    (line) => {
      said.push(line)
      if (said.length > mostLines) said.shift()
      output.note(`  ${line}`)
    },
  )
  if (verdict === null) return
  throw new MetastoreError({
    code: 'backup_failed',
    message: `The backup command ${JSON.stringify(program)} ${verdict}, so nothing was changed.`,
    where: settings.origins.backupCommand.where ?? 'backup_command',
    remedy: 'Find out why, by what it says; run it by hand, and then this command again.',
    details: said,
  })
}

interface Facts {
  readonly database: string
  readonly schema: string
  readonly command: string
  /** As `20260102T030405Z`, which can stand in the name of a file. */
  readonly time: string
  /** The file or the directory of an embedded database. */
  readonly file: string
}

function factsOf({ name, member, schema, url, urlDirectory }: DatabaseSettings, command: string): Facts {
  const target = parseDatabaseUrl(url, urlDirectory)
  const time = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, '')
  const database = member === undefined ? name : `${name}-${member}`
  return { database, schema, command, time, file: fileOf(target) ?? '' }
}

function fileOf(target: DatabaseTarget): string | null {
  if (target.driver === 'postgres') return null
  return target.driver === 'sqlite' ? target.file : target.directory
}

function fillIn(word: string, facts: Facts): string {
  return word.replaceAll(/\{(database|schema|command|time|file)\}/g, (_, name: keyof Facts) => facts[name])
}

// Those of libpq are what pg_dump and its like read, so that no password stands in the arguments of a process.
function variablesOf({ url, urlDirectory }: DatabaseSettings, facts: Facts): Readonly<Record<string, string>> {
  const own = {
    METASTORE_BACKUP_DATABASE: facts.database,
    METASTORE_BACKUP_SCHEMA: facts.schema,
    METASTORE_BACKUP_COMMAND_OF: facts.command,
    METASTORE_BACKUP_TIME: facts.time,
  }
  const target = parseDatabaseUrl(url, urlDirectory)
  if (target.driver !== 'postgres') return { ...own, METASTORE_BACKUP_FILE: facts.file }
  const { host, port, user, password, database, parameters } = target
  const { sslmode, sslrootcert } = parameters
  return {
    ...own,
    PGHOST: host,
    PGPORT: String(port),
    PGDATABASE: database,
    ...(user !== undefined && { PGUSER: user }),
    ...(password !== undefined && { PGPASSWORD: password }),
    ...(sslmode !== undefined && { PGSSLMODE: sslmode }),
    ...(sslrootcert !== undefined && { PGSSLROOTCERT: sslrootcert }),
  }
}

// A program that fails likes to show what it was given.
function addCredentials(
  secrets: Secrets,
  environment: Readonly<Record<string, string | undefined>>,
  words: readonly string[],
): void {
  for (const [name, value] of Object.entries(environment)) {
    if (/PASS|SECRET|TOKEN|CREDENTIAL|(?:^|_)KEY$/i.test(name)) secrets.add(value)
  }
  for (const [index, word] of words.entries()) {
    const [, option = '', value] = /^--?([\w-]*)(?:=(.*))?$/s.exec(word) ?? []
    if (/pass|secret|token|credential|(?:^|-)key$/i.test(option)) secrets.add(value ?? words[index + 1])
  }
}

interface Started {
  readonly program: string
  readonly words: readonly string[]
  readonly directory: string
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly signal: AbortSignal
}

function run(
  { program, words, directory, environment, signal }: Started,
  onLine: (line: string) => void,
): Promise<string | null> {
  return new Promise((resolve) => {
    const child = spawn(program, [...words], {
      cwd: directory,
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
    })
    for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', onLine)
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (signal.aborted) resolve('was interrupted')
      else resolve(error.code === 'ENOENT' ? 'is not installed, or not on the PATH' : 'could not be run')
    })
    child.once('close', (status, killedBy) => {
      if (status === 0) resolve(null)
      else resolve(killedBy === null ? `ended with status ${status}` : `was ended by ${killedBy}`)
    })
  })
}
