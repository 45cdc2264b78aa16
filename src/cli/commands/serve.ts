import { defineCommand } from '../command.ts'
import { exitStatus } from '../exit-status.ts'
import { serveDatabase, servingOptions } from '../serving/serving.ts'

/** Serves the API of an assistant's database. */
export const serveCommand = defineCommand({
  name: 'serve',
  summary: 'Serve the Agent Protocol and the API of tenants over the database',
  description:
    'Answers what the LangGraph SDKs ask, with each tenant kept apart by the database. It does not start on a schema that is behind the files, and goes on with the version that they make while a newer one is being introduced. Whoever asks needs a key of metastore api-keys create, or a JSON Web Token where server_jwks is set. SIGTERM lets requests under way come to their end; a second one ends the process at once. The log is lines of JSON on standard error.',
  examples: [
    ['metastore serve', 'on http://127.0.0.1:2024'],
    ['metastore serve --host 0.0.0.0 --port 8080', 'for other machines'],
    ['metastore serve --auth none', 'without keys, on this machine alone'],
  ],
  scope: 'databases',
  options: servingOptions,
  json: 'as soon as it answers: database, address, url, version (the schema that it uses, or null), authentication (keys or none)',

  async run(input, context) {
    const { output } = context
    const entry = await context.oneDatabase()
    await serveDatabase(entry, input, context, {
      onStarted({ url, version, open }) {
        output.line(`Serving ${entry.address()} on ${url}`)
        output.line(`  schema  ${version ?? 'the tables themselves'}`)
        output.line(`  docs    ${url}/docs`)
        if (open) output.note('Warning: nobody needs a key. Everybody on this machine is an administrator.')
        const authentication = open ? 'none' : 'keys'
        output.document({ database: entry.settings.name, address: entry.address(), url, version, authentication })
        output.finish('serve', true)
        return Promise.resolve()
      },
    })
    output.say('Stopped: everything that was under way has come to its end.')
    return exitStatus.done
  },
})
