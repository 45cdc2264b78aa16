import { resolveName, squash } from '../../migrations/migrations.ts'
import { argument, text } from '../input.ts'
import { defineCommand } from '../command.ts'
import { exitStatus } from '../exit-status.ts'

/** Makes one file of many. */
export const squashCommand = defineCommand({
  name: 'squash',
  summary: 'Make one file of the migrations up to one, for new databases to run instead of them',
  description:
    'The file names what it replaces. A new database runs it alone; a database that has everything it replaces only records it at the next migrate; one that has a part of that is refused until it has the rest. Once every database has recorded it, the old files can be deleted.',
  examples: [
    ['metastore squash 042', 'one file that stands for everything up to 042_…'],
    ['metastore squash 042 --from 010', 'one that stands for 010_… to 042_…'],
  ],
  scope: 'project',
  arguments: [{ name: '<name>', description: 'the last migration that becomes part of it' }],
  options: [{ flags: '--from <name>', description: 'the first one (default: the first there is)' }],
  json: 'created (path), replaces[] (names)',

  async run(input, { output, oneDatabase }) {
    const entry = await oneDatabase()
    const files = await entry.files()
    const names = files.map(({ name }) => name)
    const first = text(input, 'from')
    const begin = first === undefined ? 0 : names.indexOf(resolveName(first, names))
    const end = names.indexOf(resolveName(argument(input, 0) ?? '', names))
    const { path, replaces } = await squash(files.slice(begin, end + 1), entry.dialect(), entry.directories()[0])
    output.say(`Created ${path}, which stands for ${replaces.length} migrations.`)
    output.say('Run metastore migrate on every database; then delete the files that it replaces.')
    output.document({ created: path, replaces })
    return exitStatus.done
  },
})
