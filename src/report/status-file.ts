import { stringify } from 'yaml'
import type { Facts } from './facts.ts'

/** A tracking document that there should be, and whether it is as the database says. */
export interface WrittenDocument {
  readonly file: string
  readonly state: 'current' | 'stale' | 'missing'
}

type Status = 'completed' | 'in_progress' | 'pending'

interface Task {
  readonly name: string
  readonly status: Status
}

interface Phase {
  readonly name: string
  readonly status: Status
  readonly start_date: string | null
  readonly end_date: string | null
  readonly tasks: readonly Task[]
}

/**
 * The status file, as YAML: seven phases with their tasks, each a fact of the database or of its history. There is no clock in
 * it: written again while nothing has changed, it is the same to the byte.
 */
export function statusFile(facts: Facts, documents: readonly WrittenDocument[]): string {
  const before = phasesBefore(facts, documents)
  const done = before.every(({ status }) => status === 'completed')
  const last = newest([...facts.migrations, ...facts.seeds].map(({ appliedAt }) => appliedAt))
  const handoff = phase('Handoff', [task('everything before this is completed', done)], done ? [last] : [])
  const phases = [...before, handoff]
  const completed = phases.filter(({ status }) => status === 'completed').length
  const document = {
    database: facts.database,
    status: completed === phases.length ? 'ready' : 'in_progress',
    summary: {
      completed_phases: completed,
      pending_phases: phases.length - completed,
      completion_percent: Math.floor((completed * 100) / phases.length),
    },
    phases: Object.fromEntries(phases.map((each, index) => [`phase_${index + 1}`, each])),
  }
  return `# Written by metastore status --write from the history of the database. Do not edit it.\n${stringify(document, { lineWidth: 0 })}`
}

function phasesBefore(facts: Facts, documents: readonly WrittenDocument[]): Phase[] {
  const { migrations, seeds } = facts
  const wanted = seeds.filter(({ state }) => state !== 'skipped')
  const here = migrations.filter(({ state }) => state !== 'waiting')
  const migrated = here.map(({ appliedAt }) => appliedAt)
  const seeded = wanted.map(({ appliedAt }) => appliedAt)
  const last = newest([...migrated, ...seeded])
  const applied = here.filter(({ state }) => state === 'applied').length
  return [
    phase(
      'Infrastructure',
      [
        task(`${facts.server} is reachable`, true),
        { name: `${applied} of ${here.length} migrations are applied`, status: share(applied, here.length) },
        ...migrations
          .filter(({ state }) => state === 'waiting')
          .map(({ name }) => task(`${name} waits for an extension that the server does not have`, true)),
      ],
      migrated,
    ),
    phase('Data files', dataFiles(facts), seeded),
    phase(
      'Seed steps',
      wanted.map(({ file, state }) => task(`${file} is applied`, state === 'applied')),
      seeded,
    ),
    phase(
      'Tracking documents',
      documents.map(({ file, state }) => ({
        name: `${file} is written and current`,
        status: { current: 'completed', stale: 'in_progress', missing: 'pending' }[state] as Status,
      })),
      [last],
    ),
    phase(
      'Run',
      [
        task(`the last migration was applied: ${facts.current ?? 'none'}`, facts.current !== null),
        task(
          `the last seed was applied: ${lastSeed(facts) ?? 'none'}`,
          wanted.length === 0 || lastSeed(facts) !== null,
        ),
      ],
      [last],
    ),
    phase('Verification', verification(facts), [last]),
  ]
}

// What is wrong may stand in a file that a seed reads, and be told of none of the seeds.
function dataFiles({ seeds, seedProblem }: Facts): Task[] {
  const files = seeds.map(({ file, problem }) => task(`${file} is well-formed`, problem === null))
  const isElsewhere = seedProblem !== null && seeds.every(({ problem }) => problem === null)
  return isElsewhere ? [...files, task(`what the files read is well-formed: ${seedProblem}`, false)] : files
}

function verification({ expectations, findings }: Facts): Task[] {
  const expected =
    expectations === null
      ? [task('what the seeds expect cannot be looked at', false)]
      : expectations.map(({ name, expected: text, ok }) => task(`${name}: ${text}`, ok))
  if (findings === null) return expected
  const clean = findings.every(({ severity }) => severity > 'P1')
  return [...expected, task('the audit has no finding of P0 or P1', clean)]
}

function lastSeed({ seeds }: Facts): string | null {
  const last = newest(seeds.map(({ appliedAt }) => appliedAt))
  return last === null ? null : (seeds.findLast(({ appliedAt }) => appliedAt === last)?.file ?? null)
}

function task(name: string, done: boolean): Task {
  return { name, status: done ? 'completed' : 'pending' }
}

function share(done: number, all: number): Status {
  if (done === all) return 'completed'
  return done === 0 ? 'pending' : 'in_progress'
}

// A phase begins with the first thing in the history that belongs to it, and ends with the last, once nothing is open.
function phase(name: string, tasks: readonly Task[], dates: readonly (string | null)[]): Phase {
  const done = tasks.filter(({ status }) => status === 'completed').length
  const begun = tasks.some(({ status }) => status === 'in_progress')
  const status = share(done, tasks.length) === 'pending' && begun ? 'in_progress' : share(done, tasks.length)
  const times = known(dates)
  return {
    name,
    status,
    start_date: status === 'pending' ? null : (times[0] ?? null),
    end_date: status === 'completed' ? (times.at(-1) ?? null) : null,
    tasks,
  }
}

function known(dates: readonly (string | null)[]): string[] {
  return dates.filter((date) => date !== null).sort()
}

function newest(dates: readonly (string | null)[]): string | null {
  return known(dates).at(-1) ?? null
}
