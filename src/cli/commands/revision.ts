import { MetastoreError } from '../../errors.ts'
import { defineCommand } from '../command.ts'
import { text } from '../input.ts'
import { writeMigration } from './new.ts'

/** `new` as Alembic spells it. */
export const revisionCommand = defineCommand({
  name: 'revision',
  summary: 'The same as new, as Alembic spells it',
  examples: [['metastore revision -m "add runs table"', 'write the file of a new migration']],
  scope: 'project',
  options: [
    { flags: '-m, --message <text>', description: 'what it does, in a few words' },
    { flags: '--format <format>', description: 'sql (default), ts, js, toml or json' },
  ],
  json: 'created (path)',
  run(input, context) {
    const message = text(input, 'message')
    if (message === undefined) {
      throw new MetastoreError({
        code: 'usage',
        message: 'revision needs a message.',
        remedy: 'Say what the migration does: metastore revision -m "add runs table".',
      })
    }
    return writeMigration(context, message, text(input, 'format') ?? 'sql')
  },
})
