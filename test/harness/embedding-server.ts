import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { embeddingOf } from './words-model.ts'

/** A server of an embedding model, which answers as OpenAI's does. */
export interface EmbeddingServer extends AsyncDisposable {
  /** The URL below which `/embeddings` is. */
  readonly url: string
  readonly asked: { readonly authorization: string | undefined; readonly body: Record<string, unknown> }[]
  /** What it answers from now on: a status, or a text; as it should for `embeddings`. */
  answer: number | string
}

/** Starts one that says what words texts have in common. */
export async function startEmbeddingServer(): Promise<EmbeddingServer> {
  const asked: EmbeddingServer['asked'] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(parts).toString('utf8')) as Record<string, unknown>
      const { authorization } = request.headers
      asked.push({ authorization, body })
      const { answer } = result
      if (typeof answer === 'number') response.writeHead(answer).end(`the key ${authorization} is wrong`)
      else response.end(answer === 'embeddings' ? JSON.stringify({ data: vectors(body) }) : answer)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const result: EmbeddingServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    asked,
    answer: 'embeddings',
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return result
}

// In another order than asked, as an API may.
function vectors({ input, dimensions }: Record<string, unknown>): object[] {
  const size = typeof dimensions === 'number' ? dimensions : undefined
  return (input as string[]).map((text, index) => ({ index, embedding: embeddingOf(text, size) })).toReversed()
}
