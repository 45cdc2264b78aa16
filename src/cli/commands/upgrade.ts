import { batchOptions } from '../batch-options.ts'
import { productionOptions } from '../production.ts'
import { defineCommand } from '../command.ts'
import { argument } from '../input.ts'
import { allowanceOptions, interruptedOption } from '../destination.ts'
import { eachDatabase } from '../each-database.ts'
import { migrateDatabase } from './migrate.ts'

/** `migrate` as Alembic spells it. */
export const upgradeCommand = defineCommand({
  name: 'upgrade',
  summary: 'The same as migrate, as Alembic spells it',
  examples: [
    ['metastore upgrade head', 'apply everything that is pending'],
    ['metastore upgrade +1', 'apply the next one only'],
  ],
  scope: 'databases',
  arguments: [{ name: '<revision>', description: 'head, a migration, or +N' }],
  options: [...batchOptions, ...allowanceOptions, interruptedOption, ...productionOptions],
  json: 'as migrate',
  run: (input, context) => eachDatabase(context, (entry) => migrateDatabase(entry, input, context, argument(input, 0))),
})
