import { describeOrigin, describeSettings } from '../../project/origins.ts'
import { defineCommand } from '../command.ts'
import { exitStatus } from '../exit-status.ts'
import { table } from '../ui/tables.ts'

/** Shows every setting, and where its value came from. */
export const configCommand = defineCommand({
  name: 'config',
  summary: 'Show every setting, its value, and where the value came from',
  description:
    'Flags win over the environment, the environment over .env, .env over metastore.toml, and that over the defaults. Passwords are not shown.',
  examples: [['metastore config --database assistant', 'the settings of one database']],
  scope: 'databases',
  json: 'project (directory), file (path or null), settings[] (database, setting, value, origin (from, name, where), problem)',
  async run(_input, context) {
    const project = await context.project()
    const { output } = context
    const selected = (await context.databases()).map(({ settings }) => settings)
    const rows = describeSettings(project, selected)
    output.line(
      project.file === null ? `No metastore.toml in ${project.directory}; these are the defaults.` : project.file,
    )
    for (const { name } of selected) {
      output.line(`\n${output.paint.strong(`[database.${name}]`)}`)
      const own = rows.filter(({ database }) => database === name)
      const cells = own.map(({ setting, value, origin, problem }) => [
        setting,
        problem === null ? JSON.stringify(value) : output.paint.bad('unknown'),
        output.paint.faint(describeOrigin(origin)),
      ])
      table(cells).forEach((line) => output.line(line))
      for (const { setting, problem } of own) {
        if (problem !== null) output.line(`${output.paint.bad('problem')}  ${setting}: ${problem}`)
      }
    }
    output.document({ project: project.directory, file: project.file, settings: rows })
    return exitStatus.done
  },
})
