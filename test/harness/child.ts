import { spawn, type ChildProcess } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root of the checkout. */
export const checkout = fileURLToPath(new URL('../..', import.meta.url))

/** How a child process ended, and what it said. */
export interface Ended {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A child process under way. */
export interface Child {
  readonly process: ChildProcess
  /** Settles when it has ended, however it ended. */
  readonly ended: Promise<Ended>
  /** Resolves when its standard output holds this text; rejects when it ends without. */
  says(text: string): Promise<void>
}

/** How a child is started. */
export interface ChildOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string | undefined>>
}

/** Starts a TypeScript program of the tests, as a process of its own. */
export function startProgram(file: string, args: readonly string[], options: ChildOptions = {}): Child {
  return start([path.join(checkout, 'scripts/run.mjs'), path.join(checkout, file), ...args], options)
}

/** Starts the command line tool, as a person would. */
export function startMetastore(args: readonly string[], options: ChildOptions = {}): Child {
  return start([path.join(checkout, 'bin/metastore'), ...args], options)
}

/** Runs the command line tool to its end. */
export function metastore(args: readonly string[], options: ChildOptions = {}): Promise<Ended> {
  return startMetastore(args, options).ended
}

function start(args: readonly string[], { cwd = checkout, env = {} }: ChildOptions): Child {
  // A developer's own settings must not decide what a test sees.
  const { DATABASE_URL: _url, DB_URL: _other, ...inherited } = process.env
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...inherited, NO_COLOR: '1', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  const listeners = new Set<() => void>()
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    listeners.forEach((listener) => listener())
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (status, signal) => resolve({ status, signal, stdout, stderr }))
  })
  const says = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => {
        if (!stdout.includes(text)) return
        listeners.delete(look)
        resolve()
      }
      listeners.add(look)
      look()
      void ended.then(() => reject(new Error(`It ended without saying ${JSON.stringify(text)}: ${stdout}${stderr}`)))
    })
  return { process: child, ended, says }
}
