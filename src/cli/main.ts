import { Writable } from 'node:stream'
import { isatty } from 'node:tty'
import { runCommandLine } from './run.ts'

// The only file that touches the process: its arguments, streams, environment, signals and exit status.

const interruption = new AbortController()
let interruptions = 0

function interrupt(signal: NodeJS.Signals): void {
  interruptions++
  if (interruptions > 1) process.exit(1)
  process.stderr.write(`\nStopping (${signal}); a second one ends the process at once.\n`)
  interruption.abort()
}

process.on('SIGINT', interrupt)
process.on('SIGTERM', interrupt)
// A reader that goes away, as in `metastore history | head`, is no failure, and no reason to leave a migration half done.
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error
  })
}

// Few runs have a question, and Node makes the stream of standard input only when it is looked at.
const terminal = () => ({ input: process.stdin, output: process.stderr, signal: interruption.signal })

async function ask(question: string): Promise<boolean> {
  return (await import('./ui/ask.ts')).ask(question, terminal())
}

async function askText(question: string): Promise<string> {
  return (await import('./ui/ask.ts')).askText(question, terminal())
}

// What a library or a careless line prints goes to standard error from then on, and cannot break the protocol.
function takeStreams(): { input: NodeJS.ReadStream; output: Writable } {
  const write = process.stdout.write.bind(process.stdout)
  process.stdout.write = process.stderr.write.bind(process.stderr)
  const output = new Writable({ write: (chunk: Buffer, _encoding, done) => void write(chunk, done) })
  return { input: process.stdin, output }
}

// A process that has nothing left to wait for ends, and would end with 0: a migration script may await what never comes.
function unfinished(): void {
  process.exitCode = 1
  process.stderr.write(
    'error [script_failed] The command ended before it was done: it waits for something that can never happen.\n' +
      '  next: Look for a promise that is never settled in the migration script that was running, and run again.\n',
  )
}

async function main(): Promise<void> {
  process.once('beforeExit', unfinished)
  process.exitCode = await runCommandLine(
    process.argv.slice(2),
    { stdout: process.stdout, stderr: process.stderr },
    {
      workingDirectory: process.cwd(),
      environment: process.env,
      signal: interruption.signal,
      interactive: isatty(0) && isatty(1),
      ask,
      askText,
      takeStreams,
    },
  )
  process.off('beforeExit', unfinished)
  process.off('SIGINT', interrupt)
  process.off('SIGTERM', interrupt)
}

void main()
