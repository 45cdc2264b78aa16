import { Client } from '@langchain/langgraph-sdk'
import { anna } from '../harness/assistant-store.ts'
import type { SchemaCopy } from '../harness/engines.ts'
import { type Child, startProgram } from '../harness/child.ts'

/** A server of the graphs of the scenarios in a process of its own (serve-graphs.ts). */
export interface ServerProcess extends AsyncDisposable {
  readonly child: Child
  readonly apiUrl: string
  readonly client: Client
  /** Kills it as nothing else does: at once. */
  kill(): Promise<void>
}

/** Starts one, and waits until it answers. The runs of the graph `slow` with these texts go on to their end. */
export async function startServerProcess(schema: SchemaCopy, texts: readonly string[] = []): Promise<ServerProcess> {
  const child = startProgram('test/protocol/serve-graphs.ts', [schema.url, schema.version, anna, ...texts])
  const output: string[] = []
  child.process.stdout?.on('data', (text: string) => output.push(text))
  const kill = async (): Promise<void> => {
    child.process.kill('SIGKILL')
    await child.ended
  }
  try {
    // One write of one line.
    await child.says('listening at')
  } catch (error) {
    await kill()
    throw error
  }
  const apiUrl = /listening at (\S+)/.exec(output.join(''))?.[1] ?? ''
  return { child, apiUrl, client: new Client({ apiUrl, apiKey: null }), kill, [Symbol.asyncDispose]: kill }
}
