import { MetastoreError } from '../../errors.ts'
import { batchOptions } from '../batch-options.ts'
import { defineCommand } from '../command.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { allowanceOptions, interruptedOption } from '../destination.ts'
import { eachDatabase, type DatabaseAnswer } from '../each-database.ts'
import { text, type Input } from '../input.ts'
import { productionOptions } from '../production.ts'
import { assertSeedInputs } from '../seeding/seed-options.ts'
import { seedingOptions } from '../seeding/seeding-options.ts'
import { migrateDatabase } from './migrate.ts'
import { seedDatabase } from './seed.ts'
import { replayAhead } from '../auditing/replay-ahead.ts'
import { auditFollows, verifyDatabase } from '../auditing/verification.ts'

/** Brings a database from nothing, or from wherever it stands, to where it should be. */
export const setupCommand = defineCommand({
  name: 'setup',
  summary: 'Migrate, seed and verify: everything that a database needs, in one go',
  description:
    'Applies what is pending, then the seeds, then looks whether what the seeds expect is so, and audits. It stops at the first failure with nothing half-written; run it again, and it goes on there. A second run changes nothing, and says so of each step. Exit status 3 when all is written but the audit has a finding of P0 or P1.',
  examples: [
    ['metastore setup', 'everything, for every database of metastore.toml'],
    ['metastore setup --wait 60s --bootstrap', 'wait for a server that is starting, and create the database'],
    ['metastore setup --environment dev', 'with the seeds for the environment dev'],
    ['metastore setup --no-audit', 'leave the audit out'],
  ],
  scope: 'databases',
  options: [
    ...seedingOptions,
    { flags: '--no-audit', description: 'do not audit at the end' },
    ...batchOptions,
    ...allowanceOptions,
    interruptedOption,
    ...productionOptions,
  ],
  json: 'databases[]: database, address, migrate (as of metastore migrate), seed (as of metastore seed), verify (expectations[], findings[] or null without an audit); of the database that failed as far as it came',

  run: (input, context) => eachDatabase(context, (entry) => setUpDatabase(entry, input, context)),
})

/** Migrates, seeds and verifies one database; `reset` ends with the same. */
export async function setUpDatabase(entry: DatabaseEntry, input: Input, context: Context): Promise<DatabaseAnswer> {
  await assertSeedInputs(entry, context, { set: text(input, 'set'), environment: text(input, 'environment') })
  const document: Record<string, unknown> = { address: entry.address() }
  let clean = true
  await using ahead = auditFollows(input) ? replayAhead(entry, context) : undefined
  const steps = [
    ['migrate', () => migrateDatabase(entry, input, context, undefined)],
    ['seed', () => seedDatabase(entry, input, context)],
    ['verify', () => verifyDatabase(entry, input, context, { wereShown: wereShown(document['seed']), ahead })],
  ] as const
  for (const [name, work] of steps) {
    const answer = await work().catch((failure: unknown) => failed(failure))
    document[name] = answer.document
    if (answer.failure !== undefined) {
      context.output.note(`Stopped at ${name}. What is done stays: run the same command again, and it goes on there.`)
      return { document, failure: answer.failure }
    }
    clean &&= answer.clean !== false
  }
  return { document, clean }
}

function failed(failure: unknown): DatabaseAnswer {
  if (failure instanceof MetastoreError) return { document: {}, failure }
  throw failure
}

// What the seeds expect is shown as soon as they are applied; of seeds that were there, it is shown here.
function wereShown(seed: unknown): boolean {
  const { expectations = [] } = (seed ?? {}) as { readonly expectations?: readonly unknown[] }
  return expectations.length > 0
}
