import { once } from 'node:events'
import { createServer, type IncomingMessage, request as send, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { answerHeaders, type Exchange, parseEvents, requestHeaders } from './exchange.ts'

/** Stands between a client and a server, and writes down what is said: what is below `/NAME` as the section NAME. */
export interface RecordingProxy extends AsyncDisposable {
  readonly url: string
  /** What has been said, by section. */
  sections(): Readonly<Record<string, Exchange[]>>
}

/** Starts one before a server. */
export async function startRecordingProxy(upstream: string): Promise<RecordingProxy> {
  const exchanges = new Map<string, { exchange: Exchange | undefined }[]>()
  const proxy = createServer((incoming, outgoing) => {
    const [, section = '', rest = ''] = /^\/([^/]+)(\/.*)$/.exec(incoming.url ?? '') ?? []
    // In the order of the questions, whenever their answers end.
    const place: { exchange: Exchange | undefined } = { exchange: undefined }
    exchanges.set(section, [...(exchanges.get(section) ?? []), place])
    void forward(new URL(rest, upstream), incoming, outgoing).then((exchange) => (place.exchange = exchange))
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    sections: () =>
      Object.fromEntries(
        [...exchanges].map(([section, places]) => [section, places.map(({ exchange }) => exchange!)] as const),
      ),
    async [Symbol.asyncDispose]() {
      proxy.close()
      proxy.closeAllConnections()
      await once(proxy, 'close')
    },
  }
}

async function forward(target: URL, incoming: IncomingMessage, outgoing: ServerResponse): Promise<Exchange> {
  const { method = '' } = incoming
  const body = await buffer(incoming)
  const request = {
    method,
    path: `${target.pathname}${target.search}`,
    headers: pick(incoming.headers, requestHeaders),
    ...(body.length === 0 ? {} : { body: JSON.parse(body.toString()) as unknown }),
  }
  // The server says where it is by the name that it is called by, and hears nothing of the section.
  const { host: _host, 'accept-encoding': _encoding, ...headers } = incoming.headers
  const asking = send(target, { method, headers })
  asking.end(body)
  const [response] = (await once(asking, 'response')) as [IncomingMessage]
  outgoing.writeHead(response.statusCode ?? 0, response.headers)
  const chunks: Buffer[] = []
  response.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    outgoing.write(chunk)
  })
  const isWhole = await new Promise<boolean>((resolve) => {
    response.once('end', () => {
      outgoing.end()
      resolve(true)
    })
    outgoing.once('close', () => {
      asking.destroy()
      resolve(false)
    })
  })
  const text = Buffer.concat(chunks).toString()
  const answer = { status: response.statusCode ?? 0, headers: pick(response.headers, answerHeaders) }
  const isStream = response.headers['content-type']?.startsWith('text/event-stream') === true
  if (isStream) {
    return { request, response: { ...answer, events: parseEvents(text), ...(isWhole ? {} : { left: true as const }) } }
  }
  return { request, response: { ...answer, ...(text.trim() === '' ? {} : { body: JSON.parse(text) as unknown }) } }
}

function pick(headers: IncomingMessage['headers'], names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.flatMap((name) => (headers[name] === undefined ? [] : [[name, String(headers[name])]])),
  )
}
