import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { AddressRefused, publicLookup, refusePrivateHost } from './public-address.ts'
import { signatureHeaders } from './signature.ts'

/** How messages are sent to webhooks. */
export interface WebhookSettings {
  /** What receivers know the sender by; without one messages are not signed. */
  readonly secret?: string | undefined
  /** Whether they may go to addresses of private networks. */
  readonly allowPrivate?: boolean | undefined
  /** Where paths lead. */
  readonly base: string
}

/** A message to a webhook. */
export interface WebhookMessage {
  readonly id: string
  /** A URL, or a path. */
  readonly url: string
  /** An object of JSON. */
  readonly body: string
  /** Headers besides those of every message. */
  readonly headers?: Readonly<Record<string, string>> | undefined
}

/** What became of a message; `reason` names neither the URL nor what the receiver said. */
export type Sent =
  { readonly kind: 'arrived' } | { readonly kind: 'failed'; readonly reason: string; readonly isFinal: boolean }

/** Milliseconds that a receiver has to answer. */
const patience = 10_000

/** Sends a message once; any answer with a status from 200 to 299 says that it has arrived. Never throws. */
export async function sendWebhook(
  message: WebhookMessage,
  settings: WebhookSettings,
  signal: AbortSignal,
): Promise<Sent> {
  try {
    const status = await post(message, settings, signal)
    if (status >= 200 && status <= 299) return { kind: 'arrived' }
    return { kind: 'failed', reason: `The receiver answered with status ${status}.`, isFinal: false }
  } catch (error) {
    return { kind: 'failed', reason: reasonOf(error), isFinal: error instanceof AddressRefused }
  }
}

function post(
  { id, url, body, headers: more }: WebhookMessage,
  settings: WebhookSettings,
  signal: AbortSignal,
): Promise<number> {
  const isPath = url.startsWith('/')
  const target = isPath ? new URL(settings.base.replace(/\/$/, '') + url) : new URL(url)
  // Whoever runs the server has said where paths lead.
  const isFree = isPath || settings.allowPrivate === true
  if (!isFree) refusePrivateHost(target.hostname)
  const sentAt = new Date()
  const content = `${body.slice(0, -1)},"webhook_sent_at":"${sentAt.toISOString()}"}`
  const message = { id, timestamp: Math.floor(sentAt.getTime() / 1000), body: content }
  const headers = {
    ...more,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(content),
    'user-agent': 'metastore',
    ...signatureHeaders(message, settings.secret),
  }
  const send = target.protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve, reject) => {
    const until = AbortSignal.any([signal, AbortSignal.timeout(patience)])
    const options = { method: 'POST', headers, agent: false, signal: until }
    const sending = send(target, isFree ? options : { ...options, lookup: publicLookup }, (response) => {
      resolve(response.statusCode ?? 0)
      // What it says besides is nobody's business; redirections are not followed.
      response.destroy()
    })
    sending.on('error', reject)
    sending.end(content)
  })
}

function reasonOf(error: unknown): string {
  if (error instanceof AddressRefused) return error.message
  const { code, name } = error as NodeJS.ErrnoException
  if (name === 'AbortError' || name === 'TimeoutError') return 'The receiver did not answer in time.'
  return code === undefined ? 'The message could not be sent.' : `The message could not be sent: ${code}.`
}
