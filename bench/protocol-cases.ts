import { dropConnections, load, type Load, send } from './protocol-load.ts'

/** What is measured of a server. */
export interface ProtocolCase {
  readonly name: string
  readonly measure: (url: string, seconds: number) => Promise<Load>
}

const connections = 16

async function create(url: string, count: number): Promise<string> {
  const { text } = await send('POST', `${url}/threads`, { metadata: { user: `u${count % 100}` } })
  return (JSON.parse(text) as { thread_id: string }).thread_id
}

const wait = (url: string) => async () => {
  await send('POST', `${url}/runs/wait`, { assistant_id: 'echo', input: { text: 'a' } })
}

/** Puts so many threads into a server. */
export async function seed(url: string, from: number, to: number): Promise<void> {
  dropConnections()
  let next = from
  const work = async (): Promise<void> => {
    while (next < to) await create(url, next++)
  }
  await Promise.all(Array.from({ length: connections }, work))
}

/** Searches among as many threads as there are. */
export function search(threads: number): ProtocolCase {
  return {
    name: `POST /threads/search, ${threads.toLocaleString('en')} threads`,
    measure: (url, seconds) =>
      load(connections, seconds, async (count) => {
        await send('POST', `${url}/threads/search`, { metadata: { user: `u${count % 100}` }, limit: 10 })
      }),
  }
}

/** What is measured on threads, before there are many. */
export const threadCases: readonly ProtocolCase[] = [
  {
    name: 'POST /threads',
    measure: (url, seconds) =>
      load(connections, seconds, async (count) => {
        await create(url, count)
      }),
  },
  {
    name: 'GET /threads/{id}',
    async measure(url, seconds) {
      const id = await create(url, 0)
      return load(connections, seconds, async () => {
        await send('GET', `${url}/threads/${id}`)
      })
    },
  },
]

/** What is measured on assistants and runs. */
export const runCases: readonly ProtocolCase[] = [
  {
    name: 'PATCH /assistants/{id}',
    async measure(url, seconds) {
      const { text } = await send('POST', `${url}/assistants`, { graph_id: 'echo' })
      const { assistant_id: id } = JSON.parse(text) as { assistant_id: string }
      return load(connections, seconds, async (count) => {
        await send('PATCH', `${url}/assistants/${id}`, { metadata: { count } })
      })
    },
  },
  { name: 'POST /runs/wait, 16 connections', measure: (url, seconds) => load(connections, seconds, wait(url)) },
  { name: 'POST /runs/wait, one connection', measure: (url, seconds) => load(1, seconds, wait(url)) },
  {
    name: 'POST /runs/stream to the first event, one connection',
    measure: (url, seconds) =>
      load(1, seconds, async () => {
        const { first } = await send('POST', `${url}/runs/stream`, { assistant_id: 'echo', input: { text: 'a' } })
        return first
      }),
  },
]
