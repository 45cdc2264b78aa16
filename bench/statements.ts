import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { escapeIdentifier } from 'pg'
import type { Project } from './project.ts'
import { databaseName, type Server } from './server.ts'

/** What a statement is to the database. */
export type StatementKind = 'read' | 'write' | 'lock' | 'session'

/** A statement as the server has logged it. */
export interface Statement {
  readonly kind: StatementKind
  readonly text: string
}

/** Runs a project once while the server logs every statement of its database, and returns them in order. */
export async function statementsOf(
  server: Server,
  url: string,
  { command, ...options }: Project,
): Promise<Statement[]> {
  const alter = `alter database ${escapeIdentifier(databaseName(url))}`
  await server.withClient(url, (client) => client.query(`${alter} set log_statement = 'all'`))
  const before = server.log(url).length
  const [program, ...programArguments] = command
  await promisify(execFile)(program, programArguments, { cwd: options.directory, env: options.environment })
  // What comes before the mark in the log has arrived when the mark has.
  const mark = `the end ${randomUUID()}`
  await server.withClient(url, (client) => client.query(`select '${mark}'`))
  while (!server.log(url).some((line) => line.includes(mark))) await delay(5)
  await server.withClient(url, (client) => client.query(`${alter} reset log_statement`))
  const lines = server.log(url).slice(before)
  return lines
    .slice(
      0,
      lines.findIndex((line) => line.includes(mark)),
    )
    .flatMap(statement)
}

function statement(line: string): Statement[] {
  const text = /^LOG: {2}(?:statement|execute [^:]*): (.*)$/.exec(line)?.[1]
  return text === undefined ? [] : [{ kind: kindOf(text), text: text.replaceAll(/\s+/g, ' ').trim() }]
}

/** What a statement is: a lock by its words, else the most that one of its parts does by its first word. */
export function kindOf(text: string): StatementKind {
  const words = text.replaceAll(/--[^\n]*(?:\n|$)|\/\*.*?\*\//gs, ' ').toLowerCase()
  if (/advisory|\block\s+table\b|\bfor (?:no key )?(?:update|share)\b/.test(words)) return 'lock'
  const firsts = words.split(';').flatMap((part) => /[a-z]+/.exec(part)?.[0] ?? [])
  if (firsts.some((first) => !reads.has(first) && !sessions.has(first))) return 'write'
  return firsts.some((first) => reads.has(first)) ? 'read' : 'session'
}

const reads = new Set(['select', 'show', 'with', 'values', 'table'])
const sessions = new Set(['begin', 'start', 'commit', 'rollback', 'end', 'set', 'reset', 'discard'])
