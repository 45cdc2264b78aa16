import { createHmac } from 'node:crypto'

/** A message to be signed. */
export interface SignedMessage {
  /** The same for every attempt to send it. */
  readonly id: string
  /** Seconds since 1970. */
  readonly timestamp: number
  readonly body: string
}

/**
 * The headers by which a receiver knows who has sent a message, and that nobody has changed it: those of Standard Webhooks
 * (specification 1.0, "Signature scheme"). Without a secret it is not signed.
 */
export function signatureHeaders(message: SignedMessage, secret: string | undefined): Record<string, string> {
  const { id, timestamp, body } = message
  const headers = { 'webhook-id': id, 'webhook-timestamp': String(timestamp) }
  if (secret === undefined) return headers
  const signature = createHmac('sha256', keyOf(secret)).update(`${id}.${timestamp}.${body}`).digest('base64')
  return { ...headers, 'webhook-signature': `v1,${signature}` }
}

// Libraries of Standard Webhooks write a key in base64 behind whsec_; any other text is a key as it stands.
function keyOf(secret: string): Buffer {
  return secret.startsWith('whsec_') ? Buffer.from(secret.slice('whsec_'.length), 'base64') : Buffer.from(secret)
}
