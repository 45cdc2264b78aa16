import { defineCommand } from '../command.ts'
import { argument } from '../input.ts'
import { eachDatabase } from '../each-database.ts'
import { rollbackDatabase, rollbackOptions } from './rollback.ts'

/** `rollback` as Alembic spells it. */
export const downgradeCommand = defineCommand({
  name: 'downgrade',
  summary: 'The same as rollback, as Alembic spells it',
  description: 'As with Alembic, a migration that is named stays applied: what came after it is taken back.',
  examples: [
    ['metastore downgrade -1', 'take back the newest migration'],
    ['metastore downgrade base', 'take back everything'],
    ['metastore downgrade 002', 'take back everything after 002_…'],
  ],
  scope: 'databases',
  arguments: [{ name: '<revision>', description: '-N, base, or a migration that stays' }],
  options: rollbackOptions,
  json: 'as rollback',
  run: (input, context) =>
    eachDatabase(context, (entry) => rollbackDatabase(entry, input, context, argument(input, 0))),
})
