import { Agent, request } from 'node:http'
import { median } from './statistics.ts'

/** What a load came to. */
export interface Load {
  /** A second. */
  readonly rate: number
  /** Milliseconds, in the middle. */
  readonly p50: number
}

const agent = new Agent({ keepAlive: true })

/** Ends the connections that nothing goes over. */
export function dropConnections(): void {
  agent.destroy()
}

/** Does something over and over on so many connections at a time, for so many seconds after a short warm-up. */
export async function load(
  connections: number,
  seconds: number,
  once: (count: number) => Promise<number | void>,
): Promise<Load> {
  // Connections that nothing went over while another server was measured may have been ended by their server.
  dropConnections()
  const times: number[] = []
  let count = 0
  const run = async (until: number, counted: boolean): Promise<void> => {
    while (performance.now() < until) {
      const began = performance.now()
      const measured = await once(count++)
      if (counted) times.push(measured ?? performance.now() - began)
    }
  }
  const all = (milliseconds: number, counted: boolean): Promise<unknown> => {
    const until = performance.now() + milliseconds
    return Promise.all(Array.from({ length: connections }, () => run(until, counted)))
  }
  await all(seconds * 250, false)
  const began = performance.now()
  await all(seconds * 1000, true)
  return { rate: times.length / ((performance.now() - began) / 1000), p50: median(times) }
}

/** Sends a request of JSON and reads its answer whole; the answer's first bytes came after `first` milliseconds. */
export function send(
  method: string,
  url: string,
  body?: object,
): Promise<{ readonly text: string; readonly first: number }> {
  const began = performance.now()
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json' }
    const sending = request(url, { method, agent, headers }, (response) => {
      let first = 0
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        if (text === '') first = performance.now() - began
        text += chunk
      })
      response.on('end', () => {
        if (response.statusCode === 200) resolve({ text, first })
        else reject(new Error(`${method} ${url} was answered with ${response.statusCode}: ${text}`))
      })
      response.on('error', reject)
    })
    sending.on('error', reject)
    sending.end(body === undefined ? undefined : JSON.stringify(body))
  })
}
