import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { hashOf, notConfirmed, planUnknown } from './confirmation.ts'
import type { CommandDocument } from './run-command.ts'
import { database, option, word, type Call, type Tool } from './tool.ts'

const planHash = z
  .string()
  .regex(/^[0-9a-f]{32}$/)
  .describe('the plan_hash of the plan that was read and approved')

const confirm = z
  .string()
  .max(5000)
  .describe('the names of the migrations in progress, as status gives them, separated by ", "')

type Given = Readonly<Record<string, unknown>>

/**
 * The tools that change a database. None takes a consent that is a person's to give: nothing here says --yes, allows data to be lost
 * or opens a maintenance window, so a database that is marked as production keeps its guards.
 */
export const writingTools: readonly Tool[] = [
  {
    name: 'migrate',
    title: 'Apply the plan',
    description:
      'Applies exactly what plan has shown, or nothing: when files or database have changed since, it refuses.',
    input: { plan_hash: planHash, database },
    writes: true,
    run: (given, call) => applyPlan('migrate', given, call),
  },
  {
    name: 'start',
    title: 'Start the plan',
    description:
      'Makes the new version of the schema usable beside the old one, exactly as plan has shown. End it with complete or abort.',
    input: { plan_hash: planHash, database },
    writes: true,
    run: (given, call) => applyPlan('start', given, call),
  },
  {
    name: 'complete',
    title: 'Take the old version away',
    description:
      'Ends what start began. Every instance of the application must use the new version by then; there is no way back.',
    input: { confirm, database },
    writes: true,
    run: (given, call) => endBatch('complete', [], given, call),
  },
  {
    name: 'abort',
    title: 'Take the new version back',
    description:
      'Takes back what start made. What only the new version has, such as values of a new column, is lost unless save_lost names a table for it.',
    input: {
      confirm,
      save_lost: word.optional().describe('keep what would be lost in a table of this name'),
      database,
    },
    writes: true,
    run: (given, call) => endBatch('abort', option('save-lost', given['save_lost']), given, call),
  },
  {
    name: 'plan_seeds',
    title: 'What seed would write',
    description:
      'Shows which rows would be inserted, updated and removed, writes nothing, and gives the plan_hash for seed.',
    input: { database, set: word.optional().describe('a set of seeds of metastore.toml') },
    writes: false,
    run: async (given, call) => {
      const document = await planSeeds(given, call)
      return document['error'] === undefined ? { ...document, plan_hash: hashOf(document) } : document
    },
  },
  {
    name: 'seed',
    title: 'Write the rows of the seeds',
    description: 'Writes what plan_seeds has shown; when that has changed since, it refuses.',
    input: { plan_hash: planHash, database, set: word.optional().describe('the same set as for plan_seeds') },
    writes: true,
    run: async (given, call) => {
      const document = await planSeeds(given, call)
      if (document['error'] !== undefined) return document
      if (hashOf(document) !== given['plan_hash']) throw planUnknown('plan_seeds')
      return call.run(['seed', ...seedWords(given)], call.signal)
    },
  },
]

async function applyPlan(command: 'migrate' | 'start', given: Given, call: Call): Promise<CommandDocument> {
  const file = join(call.plans, `${String(given['plan_hash'])}.json`)
  if (!existsSync(file)) throw planUnknown('plan')
  return call.run([command, ...option('database', given['database']), ...option('plan', file)], call.signal)
}

interface StatusDocument {
  readonly databases?: readonly { readonly inProgress?: readonly string[] }[]
}

async function endBatch(
  command: 'complete' | 'abort',
  more: readonly string[],
  given: Given,
  call: Call,
): Promise<CommandDocument> {
  const chosen = option('database', given['database'])
  const status = await call.run(['status', ...chosen], call.signal)
  if (status['error'] !== undefined) return status
  const { databases = [] } = status as StatusDocument
  const inProgress = databases.flatMap(({ inProgress: names = [] }) => names)
  if (inProgress.length === 0 || given['confirm'] !== inProgress.join(', ')) throw notConfirmed(inProgress)
  return call.run([command, ...chosen, ...more], call.signal)
}

function planSeeds(given: Given, call: Call): Promise<CommandDocument> {
  return call.run(['seed', '--plan', ...seedWords(given)], call.signal)
}

function seedWords(given: Given): string[] {
  return [...option('database', given['database']), ...option('set', given['set'])]
}
