import { DatabaseError, MetastoreError, sql } from 'metastore'
import { readBody } from './body.js'
import { isId, messageInput, pageInput, threadInput } from './input.js'
import { addMessage, listMessages } from './messages.js'
import { Refusal } from './refusal.js'
import { lendSessions } from './sessions.js'
import { createThread, listThreads } from './threads.js'

/** @typedef {import('node:http').IncomingMessage} Request */
/** @typedef {{ status: number, headers?: Readonly<Record<string, string>>, body: unknown }} Answer */

/** @typedef {{
 *   withSession: import('./sessions.js').WithSession,
 *   request: Request, thread: string, query: URLSearchParams,
 * }} Call */

/** @type {readonly { path: RegExp, methods: Readonly<Record<string, (call: Call) => Promise<Answer>>> }[]} */
const routes = [
  { path: /^\/api\/threads$/, methods: { GET: getThreads, POST: postThread } },
  { path: /^\/api\/threads\/([^/]+)\/messages$/, methods: { GET: getMessages, POST: postMessage } },
  { path: /^\/ready$/, methods: { GET: getReady } },
]

/** Failures of a statement that are likely to be over when the request is made again. @type {readonly string[]} */
const passing = ['busy', 'connection_lost', 'deadlock', 'lock_timeout', 'serialization']

/**
 * The application as a listener for a server of node:http.
 * @param {import('metastore/database').Database} database
 * @returns {import('node:http').RequestListener}
 */
export function createApp(database) {
  const withSession = lendSessions(database)
  return (request, response) => {
    void answer(request, withSession)
      .catch(refuse)
      .then(({ status, headers, body }) => {
        response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
        response.end(`${JSON.stringify(body)}\n`)
      })
  }
}

/**
 * @param {Request} request
 * @param {import('./sessions.js').WithSession} withSession
 */
async function answer(request, withSession) {
  const { pathname, searchParams: query } = locate(request.url ?? '/')
  for (const { path, methods } of routes) {
    const match = path.exec(pathname)
    if (match === null) continue
    const handle = methods[request.method ?? '']
    if (handle === undefined) throw methodUnknown(request.method, Object.keys(methods))
    return handle({ withSession, request, thread: match[1] ?? '', query })
  }
  throw new Refusal(404, `There is nothing at ${pathname}.`)
}

/** @param {Call} call */
async function getThreads({ withSession, query }) {
  const page = pageInput(query)
  const rows = await withSession((db) => listThreads(db, { ...page, limit: page.limit + 1 }))
  return { status: 200, body: { threads: rows.slice(0, page.limit), next: nextPage(rows, page.limit) } }
}

/** @param {Call} call */
async function postThread({ withSession, request }) {
  const input = threadInput(await readBody(request))
  const thread = await withSession((db) => createThread(db, input))
  return { status: 201, headers: { location: `/api/threads/${thread.id}/messages` }, body: thread }
}

/** @param {Call} call */
async function getMessages({ withSession, thread, query }) {
  const page = pageInput(query)
  assertId(thread)
  const rows = await withSession((db) => listMessages(db, thread, { ...page, limit: page.limit + 1 }))
  return { status: 200, body: { messages: rows.slice(0, page.limit), next: nextPage(rows, page.limit) } }
}

/** @param {Call} call */
async function postMessage({ withSession, request, thread }) {
  const input = messageInput(await readBody(request))
  assertId(thread)
  const message = await withSession((db) => addMessage(db, thread, input))
  return { status: 201, body: message }
}

/** Whether the database answers. @param {Call} call */
async function getReady({ withSession }) {
  await withSession((db) => db.query(sql`select 1 as ready`))
  return { status: 200, body: { ready: true } }
}

/**
 * What to put into `after` for the page that follows; null on the last one.
 * @param {readonly { id: string }[]} rows
 * @param {number} limit
 */
function nextPage(rows, limit) {
  return rows.length > limit ? (rows[limit - 1]?.id ?? null) : null
}

/** @param {string} url */
function locate(url) {
  try {
    return new URL(url, 'http://agentkit')
  } catch {
    throw new Refusal(400, 'The address of the request cannot be understood.')
  }
}

/** @param {string} thread */
function assertId(thread) {
  if (!isId(thread)) throw new Refusal(404, `There is no thread ${thread}.`)
}

/**
 * @param {string | undefined} method
 * @param {readonly string[]} known
 */
function methodUnknown(method, known) {
  return new Refusal(405, `${method} is not possible here; ${known.join(' and ')} are.`, { allow: known.join(', ') })
}

/**
 * What goes wrong is answered as JSON. What the database has to say is for the log, not for whoever asked.
 * @param {unknown} error
 * @returns {Answer}
 */
function refuse(error) {
  if (error instanceof Refusal) {
    return { status: error.status, headers: error.headers, body: { error: error.message } }
  }
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  if (isPassing(error)) {
    const body = { error: 'The database cannot answer at the moment. Try again in a few seconds.' }
    return { status: 503, headers: { 'retry-after': '5' }, body }
  }
  return { status: 500, body: { error: 'Something went wrong on the server.' } }
}

/** @param {unknown} error */
function isPassing(error) {
  if (error instanceof DatabaseError) return passing.includes(error.reason)
  return error instanceof MetastoreError && error.code === 'connection_failed'
}
