import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { openDatabase, raw } from '../../src/database/database.ts'
import { type Background, runCommand, startCommand } from './shell-command.ts'

/** One thing that a README tells its reader to do, and what the README says comes of it. */
export interface Step {
  readonly kind: 'command' | 'background' | 'query' | 'request' | 'file'
  /** Where it begins, to find it again. */
  readonly line: number
  readonly text: string
  /** The exit status that a command ends with. */
  readonly exit: number
  /** The database of a query; undefined for the project's own. */
  readonly database: string | undefined
  /** The path of a file in the project. */
  readonly file: string | undefined
  /** The block `text` or `json` that follows; undefined when there is none. */
  readonly expected: string | undefined
}

interface Block {
  readonly line: number
  readonly language: string
  readonly options: readonly string[]
  readonly text: string
}

const kinds: Readonly<Record<string, Step['kind']>> = { sh: 'command', sql: 'query', http: 'request' }

/**
 * What a README tells its reader to do: blocks of `sh` (with `exit=3` behind it when it ends so, or `background` when it
 * does not end), `sql` (with `database=URL`) and `http`, and files of the project (any language, with `file=PATH`). A block of
 * `text` or `json` right behind one is its result; blocks of other languages, and a result of nothing, are only for reading.
 */
export function readSteps(markdown: string): Step[] {
  const blocks = readBlocks(markdown)
  return blocks.flatMap(({ line, language, options, text }, index) => {
    const option = (name: string) => options.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1)
    const file = option('file')
    const kind = file !== undefined ? 'file' : options.includes('background') ? 'background' : kinds[language]
    if (kind === undefined) return []
    const next = blocks[index + 1]
    const result = next && ['text', 'json'].includes(next.language) && isRightBehind(markdown, line, text, next)
    const expected = result ? next.text : undefined
    return [{ kind, line, text, exit: Number(option('exit') ?? 0), database: option('database'), file, expected }]
  })
}

function readBlocks(markdown: string): Block[] {
  return [...markdown.matchAll(/^( *)```(\S+)(.*)\n([^]*?)^\1```$/gm)].map(
    ([, indent = '', language = '', options = '', text = ''], index, matches) => ({
      line: markdown.slice(0, matches[index]?.index).split('\n').length,
      language,
      options: options.trim().split(/\s+/),
      text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }),
  )
}

function isRightBehind(markdown: string, line: number, text: string, next: Block): boolean {
  const end = line + text.split('\n').length
  return (
    markdown
      .split('\n')
      .slice(end, next.line - 1)
      .join('')
      .trim() === ''
  )
}

/** Where a README is followed. */
export interface Place {
  /** The project, as its user has it. */
  readonly directory: string
  readonly env: NodeJS.ProcessEnv
  /** The database that a query without one is for. */
  readonly database: string
  /** The port that the project's server listens on, which is 3000 in the README. */
  readonly port: number
  /** What stands in the README for something that is known only now, and what that is. */
  readonly stands: ReadonlyMap<string, string>
}

/** Follows a README, step by step. */
export interface Reader {
  /** Does a step, and returns what came of it beside what the README says, both without what differs from run to run. */
  follow(step: Step): Promise<{ readonly actual: unknown; readonly written: unknown }>
  /** Stops what goes on in the background. */
  close(): Promise<void>
}

/** Begins to follow a README. An id that it shows stands for the one that the server gave at that place. */
export function followReadme({ directory, env, database, port, stands }: Place): Reader {
  const known = new Map(stands)
  const background: Background[] = []
  const actualText = (text: string) =>
    [...known].reduce((all, [written, actual]) => all.replaceAll(written, actual), text)
  const written = (step: Step) => plain(actualText(step.expected ?? ''))

  return {
    async follow(step) {
      const text = actualText(step.text)
      switch (step.kind) {
        case 'command': {
          const { status, output } = await runCommand(text, directory, env)
          const lines = plain(output)
          // What a README leaves out, such as what npm says, does not matter; but it says why a command failed.
          const actual = status === step.exit && lines.includes(written(step)) ? written(step) : lines
          return { actual: { status, lines: actual }, written: { status: step.exit, lines: written(step) } }
        }
        case 'background': {
          const until = actualText(step.expected ?? '')
            .trim()
            .replace('port 3000', `port ${port}`)
          background.push(await startCommand(text, until, directory, env))
          return { actual: until, written: until }
        }
        case 'file': {
          const place = path.join(directory, step.file ?? '')
          mkdirSync(path.dirname(place), { recursive: true })
          writeFileSync(place, step.text)
          return { actual: undefined, written: undefined }
        }
        case 'query':
          return { actual: plain(await runQuery(text, step.database ?? database, directory)), written: written(step) }
        case 'request': {
          const answer = await runRequest(text, `http://127.0.0.1:${port}`)
          const found = ids(answer)
          ids(step.expected ?? '').forEach((id, index) => known.has(id) || known.set(id, found[index] ?? ''))
          return { actual: JSON.parse(plain(answer)), written: JSON.parse(written(step)) }
        }
      }
    },
    async close() {
      await Promise.all(background.map((each) => each.stop()))
    },
  }
}

function ids(text: string): string[] {
  return text.match(/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g) ?? []
}

// Without what differs from run to run: times, durations, the width of a column.
function plain(text: string): string {
  return text
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z/g, 'TIME')
    .replaceAll(/\d+(\.\d+)? m?s\b/g, 'DURATION')
    .replaceAll(/[ \t]+/g, ' ')
    .replaceAll(/ $/gm, '')
    .trim()
}

/** Runs a query and returns its rows as a README shows them: a line of names, then a line for each row. */
async function runQuery(text: string, url: string, directory: string): Promise<string> {
  await using database = await openDatabase(url, { directory })
  await using session = await database.session()
  const rows = await session.query(raw(text))
  const shown = (value: unknown) => (value instanceof Date ? value.toISOString() : String(value))
  const lines = rows.map((row) => Object.values(row).map(shown))
  return [Object.keys(rows[0] ?? {}), ...lines].map((cells) => cells.join(' | ')).join('\n')
}

/** Sends a request as it is written in a README, a head and a body, and returns the text of the answer. */
async function runRequest(text: string, origin: string): Promise<string> {
  const [head = '', body] = text.trim().split('\n\n')
  const [first = '', ...headers] = head.split('\n')
  const [method = '', path = ''] = first.split(' ')
  const response = await fetch(`${origin}${path}`, {
    method,
    headers: headers.map((line): [string, string] => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 1).trim()]
    }),
    ...(body !== undefined && { body }),
  })
  return response.text()
}
