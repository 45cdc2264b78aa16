import { DatabaseError, MetastoreError } from 'metastore'
import { takeTurn } from './chat.js'
import { oneOf, optionalText, pageOf, readBody, text } from './input.js'
import { listDocuments, putDocument, searchKnowledge } from './knowledge.js'
import { notFound, Refusal } from './refusal.js'
import { getSession, listSessions, removeSession } from './sessions.js'
import { escalate, listEscalations, listSupporters, setAvailability, setStatus, statuses } from './support.js'
import { transactionsOf } from './transactions.js'

/** @typedef {{ status: number, headers?: Readonly<Record<string, string>>, body?: unknown }} Answer */

/** @typedef {{
 *   tx: import('metastore/database').Queryable, tenant: import('./transactions.js').Tenant, id: string,
 *   query: URLSearchParams, body: Record<string, unknown>,
 * }} Call */

/** What comes behind /api/{tenant}. @type {readonly [string, RegExp, (call: Call) => Promise<Answer>][]} */
const routes = [
  ['POST', /^chat$/, chat],
  ['GET', /^sessions$/, async ({ tx, query }) => page('sessions', await listSessions(tx, pageOf(query)), query)],
  ['GET', /^sessions\/([^/]+)$/, async ({ tx, id }) => ok(await getSession(tx, id))],
  ['DELETE', /^sessions\/([^/]+)$/, oldSession],
  ['GET', /^knowledge$/, knowledge],
  ['POST', /^knowledge$/, newDocument],
  ['POST', /^escalate$/, newEscalation],
  [
    'GET',
    /^escalations$/,
    async ({ tx, query }) => page('escalations', await listEscalations(tx, pageOf(query)), query),
  ],
  [
    'PATCH',
    /^escalations\/([^/]+)\/status$/,
    async ({ tx, id, body }) => ok(await setStatus(tx, id, oneOf(body, 'status', statuses))),
  ],
  ['GET', /^supporters$/, async ({ tx }) => ok({ supporters: await listSupporters(tx) })],
  [
    'PATCH',
    /^supporters\/([^/]+)\/availability$/,
    async ({ tx, id, body }) =>
      ok(await setAvailability(tx, id, oneOf(body, 'availability', /** @type {const} */ (['available', 'offline'])))),
  ],
]

/** What addresses of requests are behind; it does not matter what it is. */
const origin = 'http://tenant-chatbot'

/** Failures of a statement that are likely to be over when the request is made again. @type {readonly string[]} */
const passing = ['busy', 'connection_lost', 'deadlock', 'lock_timeout', 'serialization']

/**
 * The application as a listener for a server of node:http.
 * @param {import('metastore/database').Database} database
 * @returns {import('node:http').RequestListener}
 */
export function createApp(database) {
  const forTenant = transactionsOf(database)
  return (request, response) => {
    void answer(request, forTenant)
      .catch(refuse)
      .then(({ status, headers, body }) => {
        response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
        response.end(body === undefined ? '' : `${JSON.stringify(body)}\n`)
      })
  }
}

/**
 * @param {import('node:http').IncomingMessage} request
 * @param {import('./transactions.js').ForTenant} forTenant
 */
async function answer(request, forTenant) {
  const { method = '', url = '/' } = request
  if (!URL.canParse(url, origin)) throw new Refusal(400, 'request_invalid', 'The address cannot be understood.')
  const { pathname, searchParams: query } = new URL(url, origin)
  const [, named = '', rest = ''] = /^\/api\/([^/]+)\/(.+)$/.exec(pathname) ?? []
  for (const [of, path, handle] of routes) {
    const match = of === method ? path.exec(rest) : null
    if (match === null) continue
    // Before the transaction, so that none waits for a client that is slow to send.
    const body = method === 'GET' || method === 'DELETE' ? {} : await readBody(request)
    return forTenant(decoded(named), (tx, tenant) => handle({ tx, tenant, id: match[1] ?? '', query, body }))
  }
  throw new Refusal(404, 'not_found', `There is no route ${method} ${pathname}.`)
}

/** @param {Call} call */
async function chat({ tx, tenant, body }) {
  const turn = {
    message: text(body, 'message', 100_000),
    agentName: optionalText(body, 'agent_name', 200),
    sessionId: optionalText(body, 'session_id', 36),
  }
  return ok(await takeTurn(tx, tenant, turn))
}

/** @param {Call} call @returns {Promise<Answer>} */
async function oldSession({ tx, id }) {
  await removeSession(tx, id)
  return { status: 204 }
}

/** Searches for passages, or lists the documents when there is no query. @param {Call} call */
async function knowledge({ tx, query }) {
  const words = query.get('query')
  if (words === null) return page('documents', await listDocuments(tx, pageOf(query)), query)
  return ok({ passages: await searchKnowledge(tx, words, pageOf(query).limit), next: null })
}

/** @param {Call} call */
async function newDocument({ tx, tenant, body }) {
  const document = {
    title: text(body, 'title', 200),
    content: text(body, 'content', 1_000_000),
    source: optionalText(body, 'source', 500),
  }
  return ok(await putDocument(tx, tenant.id, document))
}

/** @param {Call} call */
async function newEscalation({ tx, tenant, body }) {
  const request = { sessionId: text(body, 'session_id', 36), reason: text(body, 'reason', 2000) }
  const { escalation, added } = await escalate(tx, tenant.id, request)
  return { status: added ? 201 : 200, body: escalation }
}

/** @param {unknown} body @returns {Answer} */
function ok(body) {
  return { status: 200, body }
}

/**
 * A part of a list, with what to put into `after` for the part that follows; null on the last one.
 * @param {string} name
 * @param {readonly Record<string, unknown>[]} rows one more than asked for, where there are more
 * @param {URLSearchParams} query
 */
function page(name, rows, query) {
  const { limit } = pageOf(query)
  return ok({ [name]: rows.slice(0, limit), next: rows.length > limit ? rows[limit - 1]?.['id'] : null })
}

/** @param {string} part of a path */
function decoded(part) {
  try {
    return decodeURIComponent(part)
  } catch {
    throw notFound('tenant', part)
  }
}

/**
 * What goes wrong is answered as JSON. What the database has to say is for the log, not for whoever asked.
 * @param {unknown} error
 * @returns {Answer}
 */
function refuse(error) {
  if (error instanceof Refusal) {
    return { status: error.status, headers: error.headers, body: { error: error.code, message: error.message } }
  }
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
  if (isPassing(error)) {
    const message = 'The database cannot answer at the moment. Try again in a few seconds.'
    return { status: 503, headers: { 'retry-after': '5' }, body: { error: 'unavailable', message } }
  }
  return { status: 500, body: { error: 'internal', message: 'Something went wrong on the server.' } }
}

/** @param {unknown} error */
function isPassing(error) {
  if (error instanceof DatabaseError) return passing.includes(error.reason)
  return error instanceof MetastoreError && error.code === 'connection_failed'
}
