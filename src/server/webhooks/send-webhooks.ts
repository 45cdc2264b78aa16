import type { Delivery, Store } from '../../store/store.ts'
import { MetastoreError } from '../../errors.ts'
import { noTelemetry, type Span, type Telemetry, type TraceCarrier } from '../../telemetry/telemetry.ts'
import { sendWebhook, type Sent, type WebhookSettings } from './delivery.ts'

/** How many messages are sent at a time. */
const batch = 20

/** Seconds that a process has to send what it has taken, before others send it. */
const leaseSeconds = 60

/** How often a message is sent until it is given up: for about two days. */
const attempts = 20

/** Seconds until the second attempt, and between later ones at most. */
const pauses = { first: 5, most: 6 * 3600 }

/** What came of sending what was due. */
export interface SentWebhooks {
  readonly arrived: number
  readonly failed: number
  /** Messages that nobody will ever get. */
  readonly givenUp: readonly MetastoreError[]
  /** Whether more may be due. */
  readonly more: boolean
}

/** Sends the messages to webhooks that are due. Several processes may do it at once. */
export async function sendDueWebhooks(
  store: Store,
  settings: WebhookSettings,
  signal: AbortSignal,
  telemetry: Telemetry = noTelemetry,
): Promise<SentWebhooks> {
  const { outbox } = store.admin
  const due = await outbox.claim(batch, leaseSeconds)
  const givenUp: MetastoreError[] = []
  const send = async (delivery: Delivery): Promise<boolean> => {
    const body = Buffer.from(delivery.body).toString('utf8')
    const message = { id: delivery.delivery_id, url: delivery.url, body }
    const sent = await inSpan(delivery, telemetry, () =>
      sendWebhook({ ...message, headers: telemetry.carrier() }, settings, signal),
    )
    if (sent.kind === 'arrived') {
      await outbox.delivered(delivery)
      return true
    }
    const pause = sent.isFinal ? undefined : pauseAfter(delivery.attempts, signal)
    await outbox.failed(delivery, sent.reason, pause)
    if (pause === undefined) givenUp.push(undeliverable(delivery, sent))
    return false
  }
  const results = await Promise.all(due.map(send))
  const arrived = results.filter(Boolean).length
  return { arrived, failed: results.length - arrived, givenUp, more: due.length === batch }
}

function undeliverable(
  { run_id, tenant_id }: Delivery,
  { reason, isFinal }: Sent & { kind: 'failed' },
): MetastoreError {
  return new MetastoreError({
    code: 'unavailable',
    message: `The webhook of the run ${run_id} of tenant ${tenant_id} is given up. ${reason}`,
    remedy: isFinal
      ? 'Name an address that everybody reaches, or allow private ones with webhook_private = true in [server].'
      : 'Look whether the receiver answers; the end of the run is in its row.',
  })
}

// Neither the URL nor what the receiver says is told: both may hold secrets.
function inSpan(delivery: Delivery, telemetry: Telemetry, send: () => Promise<Sent>): Promise<Sent> {
  const attributes = {
    'metastore.webhook.id': delivery.delivery_id,
    'metastore.webhook.attempt': delivery.attempts,
    'metastore.run.id': delivery.run_id,
    'metastore.tenant.id': delivery.tenant_id,
  }
  const work = async ({ set, fail }: Span): Promise<Sent> => {
    const sent = await send()
    set({ 'metastore.webhook.outcome': sent.kind })
    if (sent.kind === 'failed') fail({ code: 'webhook_failed' })
    return sent
  }
  // Below the run, whose span has ended by now, in whichever process that was.
  const trace = delivery.trace as TraceCarrier | null
  const place = { kind: 'client', carrier: (name: string) => trace?.[name], apart: true } as const
  return telemetry.span('metastore.webhook', attributes, work, place)
}

/** Seconds until the next attempt after so many; undefined when that was the last. */
export function pauseAfter(made: number, signal: AbortSignal): number | undefined {
  // The server ends, and others go on.
  if (signal.aborted) return 0
  if (made >= attempts) return undefined
  return Math.min(pauses.first * 2 ** (made - 1), pauses.most)
}
