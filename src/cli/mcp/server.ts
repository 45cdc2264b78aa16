import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js'
import { MetastoreError } from '../../errors.ts'
import { toolVersion } from '../../version.ts'
import type { ProtocolStreams } from '../context.ts'
import type { Progress } from '../../progress.ts'
import { callProgress } from './call-progress.ts'
import { readingTools } from './reading-tools.ts'
import type { CommandDocument } from './run-command.ts'
import type { Session, Tool } from './tool.ts'
import { writingTools } from './writing-tools.ts'

/** How the server is started. */
export interface McpOptions {
  readonly allowWrites: boolean
  readonly streams: ProtocolStreams
  readonly signal: AbortSignal
}

/** Serves the tools until the other side closes its end, or the signal aborts. One tool works at a time. */
export async function serveTools(session: Session, { allowWrites, streams, signal }: McpOptions): Promise<void> {
  const server = new McpServer({ name: 'metastore', version: toolVersion }, { instructions: instructions(allowWrites) })
  const tools = allowWrites ? [...readingTools, ...writingTools] : readingTools
  const inTurn = oneAtATime()
  for (const tool of tools) register(server, tool, session, inTurn)
  const transport = new StdioServerTransport(streams.input, streams.output)
  await new Promise<void>((resolve, reject) => {
    const close = () => void server.close().then(resolve, reject)
    streams.input.once('end', close)
    streams.input.once('close', close)
    signal.addEventListener('abort', close, { once: true })
    server.connect(transport).then(() => signal.aborted && close(), reject)
  })
  // What is under way was told to stop; its end is waited for, so that nothing is left half told.
  await inTurn(() => Promise.resolve())
}

function register(server: McpServer, tool: Tool, session: Session, inTurn: <T>(work: () => Promise<T>) => Promise<T>) {
  const { name, title, description, input, writes } = tool
  server.registerTool(
    name,
    {
      title,
      description,
      inputSchema: input,
      annotations: { readOnlyHint: !writes, destructiveHint: writes, idempotentHint: !writes, openWorldHint: false },
    },
    async (given, { signal, _meta, sendNotification }) => {
      const token = _meta?.progressToken
      // One that has been given up is told nothing; that it cannot be told is no reason to stop.
      using progress = callProgress((told) => {
        if (token === undefined || signal.aborted) return
        const params = { progressToken: token, ...told }
        sendNotification({ method: 'notifications/progress', params }).catch(() => {})
      })
      const listen = token === undefined ? undefined : progress.listen
      const document = await inTurn(() => answer(tool, given, listening(session, listen), signal))
      return {
        content: [{ type: 'text' as const, text: JSON.stringify(document, null, 2) }],
        structuredContent: document,
        isError: document['error'] !== undefined,
      }
    },
  )
}

function listening(session: Session, listen: Progress | undefined): Session {
  return { ...session, run: (words, signal) => session.run(words, signal, listen) }
}

async function answer(
  tool: Tool,
  given: Readonly<Record<string, unknown>>,
  session: Session,
  signal: AbortSignal,
): Promise<CommandDocument> {
  try {
    return await tool.run(given, { ...session, signal })
  } catch (error) {
    if (!(error instanceof MetastoreError)) throw error
    return { command: tool.name, ok: false, error: error.toJSON() }
  }
}

// Embedded databases let one process in at a time, and a write must not overtake the look that it follows.
function oneAtATime() {
  let last: Promise<unknown> = Promise.resolve()
  return <T>(work: () => Promise<T>): Promise<T> => {
    const result = last.then(work)
    last = result.catch(() => undefined)
    return result
  }
}

function instructions(allowWrites: boolean): string {
  const reading =
    'metastore looks after the databases of this project. Call status first. After writing a migration call check, then plan. An error has a code: explain_error says what it means. docs has the manual; docs with the page "agents" says how to work in a project of metastore.'
  return allowWrites
    ? `${reading} Changes need what you were shown before: migrate and start the plan_hash of plan, seed that of plan_seeds, complete and abort the names of the migrations in progress. Show the plan to the person before you change anything.`
    : `${reading} Nothing here changes a database: a person runs metastore migrate, or starts this server with --allow-writes.`
}
