import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { Contender } from './contender.ts'
import { type Race, readState, referenceState } from './race-state.ts'
import type { Project } from './project.ts'
import type { Workshop } from './workshop.ts'

/** How one contender did in its races. */
export interface RaceResult {
  readonly contender: Contender
  /** How many times four were started. */
  readonly races: number
  /** Races in which the three others exited 0 and everything was there exactly once. */
  readonly won: number
  /** Races after which one more run exits 0 and everything is there exactly once. */
  readonly mended: number
  /** What went wrong, each thing once. */
  readonly failures: readonly string[]
}

const runners = 4

/**
 * Starts four at once on an empty database, with an index to be built concurrently in the set, and kills one of them. When is
 * drawn at random, but spread over the whole of an undisturbed run, and everybody is killed as often.
 */
export async function race(workshop: Workshop, contender: Contender, races: number): Promise<RaceResult> {
  const reference = await referenceState(workshop, contender)
  const duration = await undisturbed(workshop, contender, reference)
  const failures = new Set<string>()
  let won = 0
  let mended = 0
  for (let each = 0; each < races; each++) {
    const url = await workshop.server.freshDatabase()
    const project = workshop.project(contender, reference.migrations, url)
    const statuses = await compete(
      contested(project, contender),
      each % runners,
      ((each + Math.random()) / races) * duration,
    )
    const state = await readState(workshop, contender, url)
    const failed = statuses.filter(({ status }) => status !== 0)
    for (const { said } of failed) failures.add(said)
    if (failed.length === 0 && state !== reference.state) failures.add(`all exited 0, but there is: ${state}`)
    if (failed.length === 0 && state === reference.state) won++
    const { status } = await ended(start(project))
    if (status === 0 && (await readState(workshop, contender, url)) === reference.state) mended++
    await workshop.server.dropDatabase(url)
  }
  return { contender, races, won, mended, failures: [...failures] }
}

function contested(project: Project, { whenContested = [] }: Contender): Project {
  return { ...project, command: [...project.command, ...whenContested] }
}

async function undisturbed(workshop: Workshop, contender: Contender, { migrations, state }: Race): Promise<number> {
  const url = await workshop.server.freshDatabase()
  const begun = performance.now()
  const { status, said } = await ended(start(contested(workshop.project(contender, migrations, url), contender)))
  const duration = performance.now() - begun
  const actual = await readState(workshop, contender, url)
  if (status !== 0 || actual !== state)
    throw new Error(`${contender.name} alone ended with ${status}: ${said}\n${actual}`)
  await workshop.server.dropDatabase(url)
  return duration
}

interface Runner {
  readonly child: ChildProcess
  readonly said: () => string
}

/** Runs four, kills one after a while, and returns how the others ended. */
async function compete(project: Project, victim: number, after: number): Promise<Ended[]> {
  const started = Array.from({ length: runners }, () => start(project))
  const all = started.map(ended)
  await delay(after)
  started[victim]?.child.kill('SIGKILL')
  const statuses = await Promise.all(all)
  return statuses.filter((_, index) => index !== victim)
}

function start({ command: [program, ...programArguments], directory, environment }: Project): Runner {
  const child = spawn(program, programArguments, {
    cwd: directory,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  return { child, said: () => said }
}

interface Ended {
  readonly status: number | null
  readonly said: string
}

// A runner that waits for what never comes would hold up the benchmark for ever; it counts as failed.
async function ended({ child, said }: Runner): Promise<Ended> {
  const patience = setTimeout(() => child.kill('SIGKILL'), 60_000)
  const [status, signal] = (await once(child, 'close')) as [number | null, string | null]
  clearTimeout(patience)
  return { status, said: signal === null ? reason(said()) : `ended by ${signal}` }
}

/** The line that says what went wrong, without what differs from run to run or from machine to machine. */
function reason(said: string): string {
  const lines = said
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('at '))
  const first = (pattern: RegExp) => lines.find((line) => pattern.test(line))
  const line = first(/^\w*error(?: \[\w+\])?: \S|^error \[/i) ?? first(/can't|cannot|fail|lock/i) ?? lines.at(-1) ?? ''
  return line.replaceAll(/(?:\/[\w.@-]+){2,}/g, '…').replaceAll(/\d{3,}/g, '…')
}
