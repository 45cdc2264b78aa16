import { MetastoreError } from '../../errors.ts'
import { forget, resolveName, stamp } from '../../migrations/migrations.ts'
import { defineCommand } from '../command.ts'
import { argument, text } from '../input.ts'
import { destination, uniteNames } from '../destination.ts'
import { eachDatabase } from '../each-database.ts'

/** Makes the history say where the database is, without running anything. */
export const stampCommand = defineCommand({
  name: 'stamp',
  summary: 'Record where the database is without running anything',
  description:
    'For a database that was changed by hand. Going forward records the pending migrations up to the destination as applied; going back takes later ones out of the history. The tables themselves are not touched.',
  examples: [
    ['metastore stamp head', 'everything there is a file of is in effect already'],
    ['metastore stamp 002', 'the database is exactly at 002_…'],
    ['metastore stamp --forget 004_old', 'take one migration out of the history, whose file was deleted'],
  ],
  scope: 'databases',
  arguments: [{ name: '[destination]', description: 'head, base, or a migration' }],
  options: [{ flags: '--forget <name>', description: 'take this migration out of the history' }],
  json: 'databases[]: database, address, recorded[] (names), forgotten[] (names), current (name or null)',

  run(input, context) {
    const given = argument(input, 0)
    const forgotten = text(input, 'forget')
    if ((given === undefined) === (forgotten === undefined)) throw oneIsNeeded()
    return eachDatabase(context, async (entry) => {
      const files = await entry.files()
      await using engine = await entry.engine({ command: 'stamp' })
      const { applied } = await engine.look()
      const names = applied.map(({ name }) => name)
      const result =
        forgotten === undefined
          ? await stamp(engine, files, destination(given ?? '', uniteNames(files, applied)))
          : await forget(engine, resolveName(forgotten, names))
      const { say, paint } = context.output
      for (const name of result.recorded) say(`  ${paint.good('recorded')}  ${name}`)
      for (const name of result.forgotten) say(`  ${paint.warn('forgotten')} ${name}`)
      say(`The history of ${entry.address()} says: ${result.current ?? 'no migrations'}.`)
      return { document: { address: entry.address(), ...result } }
    })
  },
})

function oneIsNeeded(): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: 'stamp needs either a destination or --forget.',
    where: 'metastore stamp',
    remedy: 'Say where the database is, as in metastore stamp head, or what to forget: metastore stamp --forget NAME.',
  })
}
