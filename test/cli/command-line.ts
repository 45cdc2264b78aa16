import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Surroundings } from '../../src/cli/context.ts'
import { runCommandLine } from '../../src/cli/run.ts'
import { toolVersion } from '../../src/version.ts'
import { temporaryDirectory } from '../harness/temporary-directory.ts'

/** How one run of the command line ended, and what it wrote, with what differs from run to run taken out. */
export interface Outcome {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** What stands around a run; a test says only what matters to it. */
export interface Around extends Partial<Surroundings> {
  /** Whether the streams are terminals. */
  readonly terminal?: { readonly stdout?: boolean; readonly stderr?: boolean }
  /** Called with what is written to either stream, as it is written. */
  readonly onWrite?: (text: string) => void
}

/** A project directory of a test's own, and the command line in it. */
export interface CommandLine {
  readonly directory: string
  /** Writes or overwrites a file. */
  write(name: string, text: string): void
  read(name: string): string
  remove(name: string): void
  exists(name: string): boolean
  /** Runs one command line in the directory, in this process. */
  run(words: string, around?: Around): Promise<Outcome>
  /** The same, with the words one by one. */
  runWords(words: readonly string[], around?: Around): Promise<Outcome>
  /** Runs with `--json` and reads the one document that must be all of standard output. */
  json(words: string, around?: Around): Promise<{ status: number; document: unknown; stderr: string }>
}

/** Lines of text as a stream holds them. */
export function lines(...each: readonly string[]): string {
  return each.map((line) => `${line}\n`).join('')
}

/** Two migrations that can be taken back, on a SQLite file. */
export const twoMigrations = {
  'metastore.toml': '[database.main]\nurl = "sqlite:app.db"\n',
  'migrations/001_users.sql': 'create table users (id integer primary key);\n\n-- metastore:down\ndrop table users;\n',
  'migrations/002_chats.sql': 'create table chats (id integer primary key);\n\n-- metastore:down\ndrop table chats;\n',
}

/** Makes a directory with these files, and a command line that works in it. */
export function commandLine(files: Readonly<Record<string, string>> = {}): CommandLine {
  const directory = temporaryDirectory()
  const write = (name: string, text: string) => {
    const file = path.join(directory, name)
    mkdirSync(path.dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  Object.entries(files).forEach(([name, text]) => write(name, text))

  const line: CommandLine = {
    directory,
    write,
    read: (name) => readFileSync(path.join(directory, name), 'utf8'),
    remove: (name) => rmSync(path.join(directory, name)),
    exists: (name) => existsSync(path.join(directory, name)),
    run: (words, around) => line.runWords(words.split(' ').filter(Boolean), around),
    async runWords(words, { terminal = {}, onWrite, ...around } = {}) {
      const [stdout, stderr] = [collector(terminal.stdout, onWrite), collector(terminal.stderr, onWrite)]
      const status = await runCommandLine(words, { stdout, stderr }, { ...surroundings(directory), ...around })
      return { status, stdout: normal(stdout.text(), directory), stderr: normal(stderr.text(), directory) }
    },
    async json(words, around) {
      const { status, stdout, stderr } = await line.run(`${words} --json`, around)
      return { status, document: JSON.parse(stdout) as unknown, stderr }
    },
  }
  return line
}

function surroundings(workingDirectory: string): Surroundings {
  return {
    workingDirectory,
    environment: {},
    signal: new AbortController().signal,
    interactive: false,
    ask: (question) => Promise.reject(new Error(`Nobody should be asked: ${question}`)),
    askText: (question) => Promise.reject(new Error(`Nobody should be asked: ${question}`)),
  }
}

function collector(isTTY: boolean | undefined, onWrite: ((text: string) => void) | undefined) {
  let text = ''
  return {
    isTTY: isTTY === true,
    write(more: string) {
      text += more
      onWrite?.(more)
    },
    text: () => text,
  }
}

// Durations, times, the machine and its user differ from run to run; everything else is compared as it is.
function normal(text: string, directory: string): string {
  return text
    .replaceAll(directory, 'DIR')
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC/g, 'TIME')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g, 'TIME')
    .replaceAll(/ +[\d.]+ m?s\b/g, '  DURATION')
    .replaceAll(/"durationMs": \d+/g, '"durationMs": 0')
    .replaceAll(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, 'UUID')
    .replaceAll(/\b20\d{12}_/g, 'STAMP_')
    .replaceAll(/[\w.-]+@[\w.-]+(?=$|")/gm, 'USER')
    .replaceAll(/ {2,}USER/g, '  USER')
    .replaceAll(`"${toolVersion}"`, '"VERSION"')
}
