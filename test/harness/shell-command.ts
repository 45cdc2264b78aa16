import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'

/** What a command printed, on both streams, and its exit status. */
export interface Outcome {
  readonly status: number | null
  readonly output: string
}

/** Runs a shell command to its end. */
export async function runCommand(text: string, cwd: string, env: NodeJS.ProcessEnv): Promise<Outcome> {
  const child = start(text, cwd, env)
  const output = collect(child)
  const [status] = (await once(child, 'close')) as [number | null]
  return { status, output: output() }
}

/** A shell command that goes on. */
export interface Background {
  readonly output: () => string
  /** Sends SIGTERM to it and everything that it has started, and waits for its end. */
  stop(): Promise<Outcome>
}

/** Starts a shell command that does not end by itself, and waits until it has printed a text. */
export async function startCommand(
  text: string,
  until: string,
  cwd: string,
  env: NodeJS.ProcessEnv,
): Promise<Background> {
  const child = start(text, cwd, env)
  const output = collect(child)
  const closed = once(child, 'close') as Promise<[number | null]>
  await new Promise<void>((resolve, reject) => {
    child.stdout?.on('data', () => output().includes(until) && resolve())
    child.once('close', () =>
      reject(new Error(`It ended without having printed ${JSON.stringify(until)}: ${output()}`)),
    )
  })
  return {
    output,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) process.kill(-(child.pid ?? 0), 'SIGTERM')
      const [status] = await closed
      return { status, output: output() }
    },
  }
}

// A group of its own, because a signal to the shell alone would leave what it runs.
function start(text: string, cwd: string, env: NodeJS.ProcessEnv): ChildProcess {
  return spawn('sh', ['-ec', `exec 2>&1\n${text}`], { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'inherit'] })
}

function collect(child: ChildProcess): () => string {
  let output = ''
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text))
  return () => output
}
