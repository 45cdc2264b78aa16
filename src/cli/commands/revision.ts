import { MetastoreError } from '../../errors.ts'
import { defineCommand, readOption } from '../command.ts'
import { generationOptions, runGeneration } from '../authoring/generation.ts'
import { flag, text } from '../input.ts'
import { writeMigration } from './new.ts'

// Its --format means more than that of generate.
const generated = generationOptions.filter(({ flags }) => !flags.startsWith('--format'))

/** `new` as Alembic spells it. */
export const revisionCommand = defineCommand({
  name: 'revision',
  summary: 'The same as new, or with --autogenerate as generate, as Alembic spells it',
  examples: [
    ['metastore revision -m "add runs table"', 'write the file of a new migration'],
    ['metastore revision --autogenerate -m "add runs table"', 'write what the models say and the migrations lack'],
  ],
  scope: 'project',
  options: [
    { flags: '-m, --message <text>', description: 'what it does, in a few words' },
    { flags: '--format <format>', description: 'sql (default), ts, js, toml or json; with --autogenerate sql or toml' },
    { flags: '--autogenerate', description: 'compare the models with the migrations, as generate does' },
    ...generated,
  ],
  json: 'created (path); with --autogenerate what generate has',
  run(input, context) {
    const message = text(input, 'message')
    if (message === undefined) {
      throw new MetastoreError({
        code: 'usage',
        message: 'revision needs a message.',
        remedy: 'Say what the migration does: metastore revision -m "add runs table".',
      })
    }
    if (flag(input, 'autogenerate')) return runGeneration(input, context, message)
    for (const option of generated) {
      const { name } = readOption(option)
      const key = name.slice(2).replaceAll(/-(\w)/g, (_, letter: string) => letter.toUpperCase())
      if (input.options[key] !== undefined && input.options[key] !== false) throw onlyGenerated(name)
    }
    return writeMigration(context, message, text(input, 'format') ?? 'sql')
  },
})

function onlyGenerated(option: string): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: `${option} means something with --autogenerate only.`,
    where: 'metastore revision',
    remedy: 'Add --autogenerate, or leave it out.',
  })
}
