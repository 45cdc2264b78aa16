import { adopt, adoptionSources } from '../../adopt/adopt.ts'
import { MetastoreError } from '../../errors.ts'
import { resolveName } from '../../migrations/migrations.ts'
import { defineCommand } from '../command.ts'
import { eachDatabase } from '../each-database.ts'
import { list, text } from '../input.ts'

/** Takes a database over from another tool. */
export const adoptCommand = defineCommand({
  name: 'adopt',
  summary: 'Take a database over from another migration tool: its history and its current version',
  description:
    "The history is copied with its times, after the files were compared with what was applied. No table is changed, and the other tool's own tables stay. From Reshape the version schema goes over as well, so that applications go on undisturbed; it has to be idle. Running it again changes nothing.",
  examples: [
    ['metastore adopt --from reshape', 'take over a database that Reshape has migrated'],
    ['metastore adopt --from reshape --allow-changed 003', 'although the file of 003_… was edited since'],
  ],
  scope: 'databases',
  options: [
    { flags: '--from <tool>', description: `the tool to take it over from: ${adoptionSources.join(', ')}` },
    {
      flags: '--allow-changed <name>',
      description: 'accept the file of an applied migration as it is now',
      repeats: true,
    },
    {
      flags: '--allow-missing <name>',
      description: 'go on although the file of an applied migration is gone',
      repeats: true,
    },
  ],
  json: 'databases[]: database, address, adopted[] (names), pending[] (names), current (name or null), schema (or null)',

  run(input, context) {
    const from = text(input, 'from')
    if (from === undefined) throw sourceNeeded()
    return eachDatabase(context, async (entry) => {
      const files = await entry.files()
      const names = files.map(({ name }) => name)
      await using engine = await entry.engine({ command: 'adopt' })
      const result = await adopt(engine, files, from, {
        base: entry.settings.schema,
        changed: list(input, 'allowChanged').map((reference) => resolveName(reference, names)),
        missing: list(input, 'allowMissing'),
      })
      const { say, paint } = context.output
      for (const name of result.adopted) say(`  ${paint.good('adopted')}  ${name}`)
      say(
        `${entry.address()} is managed: ${result.current === null ? 'no migration is applied yet' : `it is at ${result.current}`}.`,
      )
      if (result.schema !== null) say(`The application goes on with the schema ${result.schema}.`)
      return { document: { address: entry.address(), ...result } }
    })
  },
})

function sourceNeeded(): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: 'adopt needs to know from which tool.',
    where: 'metastore adopt',
    remedy: `Name it: metastore adopt --from ${adoptionSources[0]}.`,
  })
}
