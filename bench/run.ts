import { measureApply } from './apply.ts'
import type { Contender } from './contender.ts'
import { smallFiles } from './migration-set.ts'
import { type Machine, type ServerFacts, thisMachine } from './machine.ts'
import { assertNoOpPromise, measureNoOp, type Result } from './no-op.ts'
import { race, type RaceResult } from './race.ts'
import { measureStartup, type Startup } from './startup.ts'
import type { Statement } from './statements.ts'
import { openWorkshop, type Workshop } from './workshop.ts'

/** How much to measure. */
export interface Size {
  /** Migrations in the set. */
  readonly files: number
  readonly noOpRounds: number
  readonly applyRounds: number
  readonly startupRounds: number
  readonly races: number
}

/** Everything that was measured, as plain data: what `--json` prints. */
export interface Figures {
  readonly machine: Machine
  readonly postgres: ServerFacts
  readonly size: Size
  readonly noOp: readonly Result[]
  /** What metastore sends when there is nothing to do, after it was checked against its promise. */
  readonly noOpStatements: readonly Statement[]
  readonly apply: readonly Result[]
  readonly startup: Startup
  readonly races: readonly RaceResult[]
}

/** Measures the contenders side by side. `say` is told what is going on. */
export async function runBenchmark(
  contenders: readonly Contender[],
  size: Size,
  say: (message: string) => void,
): Promise<Figures> {
  await using workshop = await openWorkshop()
  const migrations = smallFiles(size.files)
  const promise = contenders.find(({ name }) => name === 'metastore')
  say('What metastore sends when there is nothing to do')
  const noOpStatements = promise === undefined ? [] : await assertNoOpPromise(workshop, promise, migrations)
  say('Nothing to do')
  const noOp = await measureNoOp(workshop, contenders, { migrations, rounds: size.noOpRounds })
  say(`Applying ${size.files} files`)
  const apply = await measureApply(workshop, contenders, { migrations, rounds: size.applyRounds })
  say('Starting')
  const startup = await measureStartup(workshop, size.startupRounds)
  const races = await raceAll(workshop, contenders, size.races, say)
  return {
    machine: thisMachine(),
    postgres: { version: workshop.server.version, settings: workshop.server.settings },
    size,
    noOp,
    noOpStatements,
    apply,
    startup,
    races,
  }
}

async function raceAll(
  workshop: Workshop,
  contenders: readonly Contender[],
  races: number,
  say: (message: string) => void,
): Promise<RaceResult[]> {
  const results: RaceResult[] = []
  if (races === 0) return results
  for (const contender of contenders.filter(({ isWrapper }) => !isWrapper)) {
    say(`Four at once: ${contender.name}`)
    results.push(await race(workshop, contender, races))
  }
  return results
}
