import { openDatabase, raw, redactUrl, sql } from '../../src/database/database.ts'
import { freshPostgresUrl } from '../harness/engines.ts'
import { commandLine, type Around, type CommandLine, type Outcome } from './command-line.ts'

/** A table, and two batches that change it in ways that both versions see. */
export const runsFiles = {
  'migrations/001_runs.toml': `actions = [{ type = "create_table", name = "runs", primary_key = ["id"], columns = [
  { name = "id", type = "BIGINT" }, { name = "cost", type = "NUMERIC(8,2)", nullable = false } ] }]\n`,
  'migrations/002_cents.toml': `[[actions]]
type = "alter_column"
table = "runs"
column = "cost"
up = "(cost * 100)::int"
down = "cost / 100.0"
changes = { name = "cents", type = "INTEGER" }\n`,
  'migrations/003_vendor.toml': `actions = [{ type = "add_column", table = "runs", column = { name = "vendor", type = "TEXT" } }]\n`,
}

/** A project on a PostgreSQL database of its own, with the command line in it. */
export interface PhasesProject {
  readonly line: CommandLine
  readonly url: string
  /** The database as people see it. */
  readonly address: string
  run(words: string, around?: Around): Promise<Outcome>
  json(words: string): Promise<{ status: number; document: unknown; stderr: string }>
  /** What one statement answers, in a session of its own with this search path. */
  rows(path: string, statement: string): Promise<Record<string, unknown>[]>
}

/** Makes such a project; without a configuration file, so that its database is called `default`. */
export async function phasesProject(files: Readonly<Record<string, string>> = runsFiles): Promise<PhasesProject> {
  const url = await freshPostgresUrl(18)
  const line = commandLine(files)
  const environment = { DATABASE_URL: url }
  return {
    line,
    url,
    address: redactUrl(url),
    run: (words, around) => line.run(words, { environment, ...around }),
    json: (words) => line.json(words, { environment }),
    async rows(path, statement) {
      await using database = await openDatabase(url)
      await using session = await database.session()
      await session.query(sql`set search_path to ${raw(path)}`)
      return await session.query(sql`${raw(statement)}`)
    },
  }
}
