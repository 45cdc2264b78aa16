import { adopt, adoptionSources } from '../../adopt/adopt.ts'
import { resolveName, type Engine, type MigrationFile } from '../../migrations/migrations.ts'
import { MetastoreError } from '../../errors.ts'
import { adoptByObjects } from '../adopting/adopt-by-objects.ts'
import { chooseSource } from '../adopting/adoption-source.ts'
import { defineCommand } from '../command.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { eachDatabase, type DatabaseAnswer } from '../each-database.ts'
import { flag, list, text, type Input } from '../input.ts'
import { count } from '../ui/tables.ts'

/** Takes a database over from another tool, or from nobody. */
export const adoptCommand = defineCommand({
  name: 'adopt',
  summary: 'Take over a database that exists: the history of another tool, or what its schema proves',
  description:
    "With --from TOOL the history of that tool is copied with its times, after the files were compared with what was applied as far as the tool keeps anything to compare. Without --from the tool is found out; where there is none, or with --from objects, the migrations are replayed on a throw-away database, and every migration of which the live schema has all that it makes is recorded. Nothing but metastore's own bookkeeping is changed, and another tool's tables stay. From Reshape the version schema goes over as well; it has to be idle. Running it again changes nothing.",
  examples: [
    ['metastore adopt', 'find out which tool was at work, or which migrations are in effect, and ask'],
    ['metastore adopt --from flyway', 'take over a database that Flyway has migrated'],
    ['metastore adopt --from alembic --map 1975ea83b712=003_runs', 'the revision that it is at is the file 003_runs'],
    ['metastore adopt --from reshape --allow-changed 003', 'although the file of 003_… was edited since'],
    ['metastore adopt --from objects --dry-run', 'show what the schema proves, and record nothing'],
    ['metastore adopt --applied 004', 'go by what is there; 004_… only changes rows, and was applied'],
  ],
  scope: 'databases',
  options: [
    {
      flags: '--from <tool>',
      description: `objects, or the tool to take it over from: ${adoptionSources.join(', ')}`,
    },
    { flags: '--map <theirs=ours>', description: 'the file of a migration that the tool has recorded', repeats: true },
    { flags: '--through <name>', description: 'for a tool that keeps only where it is: the last file in effect' },
    {
      flags: '--allow-changed <name>',
      description: 'accept the file of an applied migration as it is now',
      repeats: true,
    },
    {
      flags: '--allow-missing <name>',
      description: 'go on although the file of an applied migration is gone; name* for all that begin so',
      repeats: true,
    },
    { flags: '--applied <name>', description: 'by objects: this one counts as applied', repeats: true },
    { flags: '--not-applied <name>', description: 'by objects: this one counts as not applied', repeats: true },
    { flags: '--dry-run', description: 'show what would be recorded, and record nothing' },
    { flags: '--shadow <url>', description: 'by objects: a server to replay on, in a database of its own' },
  ],
  json: 'databases[]: database, address, from, adopted[] (names), pending[] (names), current (name or null), schema (or null); from a tool: notCompared[] (names), leftOut[] (names that it has recorded); by objects: evidence[] (name, path, verdict, there[], missing[], different[], reason), late[] (names)',

  run: (input, context) =>
    eachDatabase(context, async (entry) => {
      const files = await entry.files()
      await using engine = await entry.engine({ command: 'adopt', reads: flag(input, 'dryRun') })
      const from = await chooseSource(text(input, 'from'), engine, entry, context)
      refuseOthersOptions(input, from)
      return from === 'objects'
        ? await adoptByObjects(engine, entry, input, context)
        : await adoptFrom(from, { engine, files, entry }, input, context)
    }),
})

async function adoptFrom(
  from: string,
  { engine, files, entry }: { engine: Engine; files: readonly MigrationFile[]; entry: DatabaseEntry },
  input: Input,
  { output: { say, paint, note } }: Context,
): Promise<DatabaseAnswer> {
  const names = files.map(({ name }) => name)
  const through = text(input, 'through')
  const dryRun = flag(input, 'dryRun')
  const { schema, exposeViews } = entry.settings
  const result = await adopt(engine, files, from, {
    base: schema,
    exposeViews,
    dryRun,
    changed: list(input, 'allowChanged').map((reference) => resolveName(reference, names)),
    missing: list(input, 'allowMissing'),
    map: mapOf(list(input, 'map'), names),
    ...(through !== undefined && { through: resolveName(through, names) }),
  })
  for (const name of result.adopted) say(`  ${paint.good(dryRun ? 'would be adopted' : 'adopted')}  ${name}`)
  for (const name of result.leftOut) say(`  ${paint.faint('left out')}  ${name}`)
  if (result.notCompared.length > 0) {
    note(
      `The text of ${count(result.notCompared.length, 'file')} was not compared with what was applied: ${from} keeps nothing to compare. metastore audit compares what is there.`,
    )
  }
  if (dryRun) say('Nothing was changed.')
  else
    say(
      `${entry.address()} is managed: ${result.current === null ? 'no migration is applied yet' : `it is at ${result.current}`}.`,
    )
  if (result.schema !== null) say(`The application goes on with the schema ${result.schema}.`)
  return { document: { address: entry.address(), from, ...result } }
}

function mapOf(pairs: readonly string[], names: readonly string[]): ReadonlyMap<string, string> {
  return new Map(
    pairs.map((pair) => {
      const place = pair.lastIndexOf('=')
      if (place > 0 && place < pair.length - 1) {
        return [pair.slice(0, place), resolveName(pair.slice(place + 1), names)] as const
      }
      throw new MetastoreError({
        code: 'usage',
        message: `--map cannot be ${JSON.stringify(pair)}.`,
        where: '--map',
        remedy: 'Write what the tool has recorded, an equals sign, and the name of the file: --map THEIRS=OURS.',
      })
    }),
  )
}

const optionsFor = {
  tool: ['map', 'through', 'allowChanged', 'allowMissing'],
  objects: ['applied', 'notApplied', 'shadow'],
} as const

function refuseOthersOptions(input: Input, from: string): void {
  const others = from === 'objects' ? optionsFor.tool : optionsFor.objects
  const given = others.find((option) => list(input, option).length > 0)
  if (given === undefined) return
  const option = `--${given.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  throw new MetastoreError({
    code: 'usage',
    message: `${option} says nothing when a database is adopted ${from === 'objects' ? 'by its objects' : `from ${from}`}.`,
    where: option,
    remedy:
      from === 'objects'
        ? 'Say what a migration counts as, with --applied NAME or --not-applied NAME.'
        : `Leave it out, or go by what is there with --from objects.`,
  })
}
