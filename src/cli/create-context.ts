import { MetastoreError } from '../errors.ts'
import { findProject } from '../project/find.ts'
import type { Flags } from '../project/flags.ts'
import { selectDatabases, type Project } from '../project/project.ts'
import { readProject } from '../project/read.ts'
import { noTelemetry } from '../telemetry/telemetry.ts'
import type { Context, DatabaseEntry, KnowingSurroundings } from './context.ts'
import { databaseEntry } from './database-entry.ts'
import { list, text, type Input } from './input.ts'
import { addProject } from './known-secrets.ts'
import type { Output } from './output.ts'
import type { Scope } from './scope.ts'
import { serverFlags } from './serving/server-connection.ts'

/** Makes the context of one run of a command. */
export function createContext(
  input: Input,
  output: Output,
  surroundings: KnowingSurroundings,
  scope: Scope = 'databases',
): Context {
  let project: Promise<Project> | undefined
  let entries: Promise<readonly DatabaseEntry[]> | undefined
  const context: Context = {
    ...surroundings,
    telemetry: surroundings.telemetry ?? noTelemetry,
    output,
    async confirm(question, { guarded = false } = {}) {
      if (input.options['yes'] === true) return true
      if (surroundings.interactive && !output.options.json)
        return surroundings.ask(surroundings.secrets.redact(question))
      if (guarded) throw consentNeeded(question)
      return true
    },
    project: () => (project ??= loadProject(input, surroundings, scope)),
    databases: () =>
      (entries ??= context
        .project()
        .then((loaded) =>
          selectDatabases(loaded).map((settings) => databaseEntry(settings, { project: loaded, input }, context)),
        )),
    async oneDatabase() {
      const [only, another] = await context.databases()
      if (only !== undefined && another === undefined) return only
      throw severalDatabases((await context.databases()).map(({ settings }) => settings.name))
    },
  }
  return context
}

async function loadProject(
  input: Input,
  { workingDirectory, environment, secrets }: KnowingSurroundings,
  scope: Scope,
): Promise<Project> {
  const place = await findProject(workingDirectory, text(input, 'project'))
  const source = { ...place, workingDirectory, environment }
  const flags = scope === 'server' ? await serverFlags(input, source, flagsOf(input)) : flagsOf(input)
  const project = await readProject({ ...source, flags })
  addProject(secrets, project)
  return project
}

function flagsOf(input: Input): Flags {
  const dirs = list(input, 'dirs')
  return {
    database: list(input, 'database'),
    url: text(input, 'url'),
    migrations: dirs.length === 0 ? undefined : dirs,
    wait: text(input, 'wait'),
    lockWait: text(input, 'lockWait'),
    lockTimeout: text(input, 'lockTimeout'),
    lockDeadline: text(input, 'lockDeadline'),
    schema: text(input, 'schema'),
    bootstrap: input.options['bootstrap'] === true ? true : undefined,
    unknownKeys: input.options['lenient'] === true ? 'warn' : undefined,
  }
}

function severalDatabases(names: readonly string[]): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: `This command is for one database, and the project has ${names.length}.`,
    remedy: `Name one with --database: ${names.join(', ')}.`,
  })
}

function consentNeeded(question: string): MetastoreError {
  return new MetastoreError({
    code: 'consent_needed',
    message: `${question} The database is marked as production, and nobody is here to answer.`,
    remedy: 'Add --yes if that is meant.',
  })
}
