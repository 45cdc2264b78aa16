import { readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { hashOf } from './confirmation.ts'
import type { CommandDocument } from './run-command.ts'
import { database, option, positional, word, type Call, type Tool } from './tool.ts'

/** The tools that change nothing. */
export const readingTools: readonly Tool[] = [
  {
    name: 'status',
    title: 'Where the databases stand',
    description: 'Says what is applied, pending, in progress and wrong, and who holds the lock. Takes no lock.',
    input: { database },
    writes: false,
    run: (given, call) => call.run(['status', ...option('database', given['database'])], call.signal),
  },
  {
    name: 'plan',
    title: 'What migrate would do',
    description:
      'Shows every statement that would run, what it locks, who waits and about how long; runs nothing. With writes allowed it is for one database and also gives the plan_hash that migrate and start ask for.',
    input: {
      database,
      to: word.optional().describe('a migration, or +N for the next N; default: all that is pending'),
      preflight: z.boolean().optional().describe('look as well at what stands in the way right now (PostgreSQL)'),
    },
    writes: false,
    run: plan,
  },
  {
    name: 'check',
    title: 'Hazards of the migration files',
    description:
      'Looks at the files for syntax, order and what would hurt a database in use; needs no database. Call it after each change to a migration.',
    input: {
      database,
      since: word
        .optional()
        .describe(
          'look for hazards only in files that are new or changed since this revision of git, such as origin/main',
        ),
      replay: z.boolean().optional().describe('run the files on a throw-away PostgreSQL as well'),
      prove: z.boolean().optional().describe('run each statement there, and tell its locks, rewrites and scans'),
    },
    writes: false,
    run: (given, call) =>
      call.run(
        [
          'check',
          ...option('database', given['database']),
          ...option('since', given['since']),
          ...option('replay', given['replay']),
          ...option('prove', given['prove']),
        ],
        call.signal,
      ),
  },
  {
    name: 'audit',
    title: 'Database against migrations',
    description:
      'Compares what is in the database with what its migrations make, object by object, and says what repairs each difference. Repairs nothing.',
    input: { database },
    writes: false,
    run: (given, call) => call.run(['audit', ...option('database', given['database'])], call.signal),
  },
  {
    name: 'show',
    title: 'A migration, or the schema',
    description:
      'Prints one migration, as it is in its file or as it was applied, or with "catalog" the schema as data.',
    input: {
      what: word.describe('the name of a migration, or the word catalog'),
      applied: z.boolean().optional().describe('the text as it was applied, from the history'),
      database,
    },
    writes: false,
    run: (given, call) =>
      call.run(
        [
          'show',
          ...option('database', given['database']),
          ...option('applied', given['applied']),
          ...positional(given['what']),
        ],
        call.signal,
      ),
  },
  {
    name: 'docs',
    title: 'The manual',
    description: 'Lists the topics of the manual of this version, searches it, or prints a page.',
    input: {
      page: word.optional().describe('a page such as guides/migrations, or the word agents'),
      search: word.optional().describe('words to look for'),
    },
    writes: false,
    run: (given, call) =>
      call.run(['docs', ...option('search', given['search']), ...positional(given['page'])], call.signal),
  },
  {
    name: 'explain_error',
    title: 'What an error or a hazard means',
    description: 'Explains the code of an error (lock_held) or of a hazard (H01), and names the pages about it.',
    input: { code: word.describe('the code, as it stands in the error or the finding') },
    writes: false,
    run: (given, call) => call.run(['docs', ...option('explain', given['code'])], call.signal),
  },
]

async function plan(given: Readonly<Record<string, unknown>>, call: Call): Promise<CommandDocument> {
  const words = ['plan', ...option('database', given['database']), ...option('preflight', given['preflight'])]
  if (!call.allowWrites) return call.run([...words, ...positional(given['to'])], call.signal)
  const file = join(call.plans, 'latest.json')
  const document = await call.run([...words, ...option('out', file), ...positional(given['to'])], call.signal)
  if (document['error'] !== undefined) return document
  const saved = hashOf(await readFile(file, 'utf8'))
  await rename(file, join(call.plans, `${saved}.json`))
  return { ...document, plan_hash: saved }
}
