import { MetastoreError } from '../../errors.ts'
import { nearest } from '../../nearest.ts'
import { defineCommand } from '../command.ts'
import { eachDatabase } from '../each-database.ts'
import { argument } from '../input.ts'
import { abortDatabase, abortOptions } from './abort.ts'
import { completeDatabase } from './complete.ts'
import { startDatabase, startOptions } from './start.ts'

const phases = ['start', 'complete', 'abort'] as const

/** The phases as Reshape spells them, with its options for the connection. */
export const migrationCommand = defineCommand({
  name: 'migration',
  summary: 'start, complete and abort, as Reshape spells them',
  description:
    'For scripts that were written for Reshape: -d is the database of the server, and DB_URL, DB_HOST, DB_PORT, DB_NAME, DB_USERNAME and DB_PASSWORD are read. A flag wins over the environment, and that over .env. Where nothing of this is given, it is the database of metastore.toml, and without one postgres at localhost.',
  examples: [
    ['metastore migration start', 'the same as metastore start'],
    ['metastore migration start --complete --dirs db/migrations --host db -d app', 'start and complete in one go'],
    ['metastore migration complete --url postgres://db/app', 'the same as metastore complete'],
    ['metastore migration abort -u owner', 'the same as metastore abort'],
  ],
  scope: 'server',
  arguments: [{ name: '<phase>', description: 'start, complete or abort' }],
  options: [...startOptions, ...abortOptions],
  json: 'as start, complete or abort',

  async run(input, context) {
    const phase = argument(input, 0) ?? ''
    switch (phase) {
      case 'start':
        return eachDatabase(context, (entry) => startDatabase(entry, input, context, undefined))
      case 'complete':
        return eachDatabase(context, (entry) => completeDatabase(entry, input, context))
      case 'abort':
        return eachDatabase(context, (entry) => abortDatabase(entry, input, context))
      default:
        throw phaseUnknown(phase)
    }
  },
})

function phaseUnknown(phase: string): MetastoreError {
  const close = nearest(phase, phases)
  return new MetastoreError({
    code: 'usage',
    message: `There is no phase ${JSON.stringify(phase)}.`,
    where: 'metastore migration',
    remedy: `${close === undefined ? '' : `Did you mean ${close}? `}Use metastore migration start, complete or abort.`,
  })
}
