import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { MetastoreError } from '../../errors.ts'
import { defineCommand } from '../command.ts'
import { exitStatus } from '../exit-status.ts'
import { flag, text } from '../input.ts'

/** Gives coding agents the tool over the Model Context Protocol. */
export const mcpCommand = defineCommand({
  name: 'mcp',
  summary: 'Serve tools for coding agents over the Model Context Protocol, on standard input and output',
  description:
    "The tools are commands of metastore, and answer what those print with --json: status, plan, check, audit, show, docs and explain_error, none of which changes a database. With --allow-writes there are also migrate, start, complete, abort, plan_seeds and seed; each needs what was shown before: the hash of a plan, or the names of what is in progress. None of them can give a consent that is a person's, such as --yes. The database is that of the project and its environment; a tool cannot name a URL.",
  examples: [
    ['metastore mcp', 'tools that only read, for the project here'],
    ['metastore mcp --project backend --allow-writes', 'tools that migrate and seed as well'],
  ],
  scope: 'nothing',
  options: [
    {
      flags: '--project <path>',
      description: 'the project: its directory or its metastore.toml (default: searched upwards)',
    },
    { flags: '--allow-writes', description: 'offer the tools that change a database as well' },
  ],
  json: 'nothing more, when the other side has closed its end',

  async run(input, { takeStreams, workingDirectory: directory, environment, signal }) {
    if (takeStreams === undefined) throw noStreams()
    const streams = takeStreams()
    const [{ serveTools }, { runForDocument }] = await Promise.all([
      import('../mcp/server.ts'),
      import('../mcp/run-command.ts'),
    ])
    const project = text(input, 'project')
    const options = project === undefined ? [] : [`--project=${resolve(directory, project)}`]
    const allowWrites = flag(input, 'allowWrites')
    const plans = await mkdtemp(join(tmpdir(), 'metastore-plans-'))
    try {
      await serveTools(
        {
          allowWrites,
          plans,
          run: (words, stop, listen) =>
            runForDocument(
              words,
              { directory, environment, options: words[0] === 'docs' ? [] : options },
              AbortSignal.any([stop, signal]),
              listen,
            ),
        },
        { allowWrites, streams, signal },
      )
    } finally {
      await rm(plans, { recursive: true, force: true })
    }
    return exitStatus.done
  },
})

function noStreams(): MetastoreError {
  return new MetastoreError({
    code: 'not_supported',
    message: 'metastore mcp speaks over standard input and output, which this program has not given it.',
    where: 'metastore mcp',
    remedy: 'Run it as a process of its own: metastore mcp.',
  })
}
