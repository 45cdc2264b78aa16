import { type Store, sweepItems, sweepKeys, sweepRunEvents, sweepThreads, sweepUndelivered } from '../../store/store.ts'
import { fireDueCrons } from '../crons/due-crons.ts'
import { noTelemetry, type Telemetry } from '../../telemetry/telemetry.ts'
import type { WebhookSettings } from '../webhooks/delivery.ts'
import { sendDueWebhooks } from '../webhooks/send-webhooks.ts'
import type { BackgroundMetrics } from './background-metrics.ts'
import { startEmbedder } from './embedder.ts'
import { type RepeatedWork, repeatWork } from './repeated-work.ts'

/** What a server does besides answering and executing. */
export interface BackgroundOptions {
  /** Where messages to webhooks may go, and by what they are known; paths lead to the server itself unless said. */
  readonly webhooks?: Partial<WebhookSettings> | undefined
  /** Seconds between two looks for crons and webhooks that no message has told of; 15 by default. */
  readonly pollSeconds?: number | undefined
  /** Seconds between two sweeps of what has expired; 60 by default. */
  readonly sweepSeconds?: number | undefined
}

/** What the work in the background works with. */
export interface BackgroundContext {
  readonly store: Store
  readonly logFailure: (error: Error, about: string) => void
  readonly metrics?: BackgroundMetrics | undefined
  readonly telemetry?: Telemetry | undefined
  /** The URL of the server itself. */
  readonly url: string
}

/** The work in the background. */
export interface Background {
  /** Begins no more work, and waits for that under way. */
  close(): Promise<void>
}

const sweeps = {
  threads: sweepThreads,
  items: sweepItems,
  idempotency_keys: sweepKeys,
  webhooks: sweepUndelivered,
  run_event_partitions: sweepRunEvents,
} as const

/**
 * Starts to fire crons, to send webhooks, to sweep what has expired, and to ask the embedding model about what waits for it. All
 * processes on a database do it; each piece of work is done by one of them.
 */
export function startBackground(context: BackgroundContext, options: BackgroundOptions = {}): Background {
  const { store, logFailure } = context
  const { pollSeconds = 15, sweepSeconds = 60 } = options
  const pause = pollSeconds * 1000
  const stop = new AbortController()
  const failed = (about: string) => (error: Error) => logFailure(error, about)
  const crons = repeatWork({ pass: () => cronPass(context), pause, onFailure: failed('crons') })
  const settings = { ...options.webhooks, base: options.webhooks?.base ?? context.url }
  const sending = (): Promise<number> => webhookPass(context, settings, stop.signal)
  const webhooks = repeatWork({ pass: sending, pause, onFailure: failed('webhooks') })
  const sweeping = (): Promise<number> => sweepPass(context, stop.signal)
  const sweeper = repeatWork({ pass: sweeping, pause: sweepSeconds * 1000, onFailure: failed('sweep') })
  const offs = [
    store.wakeUps.on('cron', crons.look),
    store.wakeUps.on('webhook', webhooks.look),
    store.wakeUps.onGap(() => [crons, webhooks].forEach((work) => work.look())),
  ]
  // What was due while nobody was there.
  crons.look()
  webhooks.look()
  const embedder = startEmbedder(store, stop.signal, { pause: sweepSeconds * 1000, onFailure: failed('embeddings') })
  const all: readonly RepeatedWork[] = [crons, webhooks, sweeper, ...embedder]
  return {
    async close() {
      offs.forEach((off) => off())
      stop.abort()
      await Promise.all(all.map((work) => work.close()))
    },
  }
}

async function cronPass(context: BackgroundContext): Promise<number> {
  const { store, logFailure, metrics, telemetry = noTelemetry } = context
  const { runs, failures, more } = await fireDueCrons(store, telemetry)
  for (const { cron, error } of failures) logFailure(error, `cron ${cron.cron_id}`)
  metrics?.crons(runs.length, failures.length)
  telemetry.measure('metastore.cron.occurrences', runs.length, { 'metastore.cron.outcome': 'run' })
  telemetry.measure('metastore.cron.occurrences', failures.length, { 'metastore.cron.outcome': 'failed' })
  if (failures.length > 0) return Infinity
  return more ? 0 : ((await store.admin.cronQueue.untilNext()) ?? Infinity)
}

async function webhookPass(
  { store, logFailure, metrics, telemetry = noTelemetry }: BackgroundContext,
  settings: WebhookSettings,
  signal: AbortSignal,
): Promise<number> {
  const { arrived, failed, givenUp, more } = await sendDueWebhooks(store, settings, signal, telemetry)
  givenUp.forEach((error) => logFailure(error, 'webhooks'))
  metrics?.webhooks(arrived, failed)
  telemetry.measure('metastore.webhook.attempts', arrived, { 'metastore.webhook.outcome': 'arrived' })
  telemetry.measure('metastore.webhook.attempts', failed, { 'metastore.webhook.outcome': 'failed' })
  return more ? 0 : ((await store.admin.outbox.untilNext()) ?? Infinity)
}

async function sweepPass({ store, logFailure, metrics }: BackgroundContext, signal: AbortSignal): Promise<number> {
  for (const [what, sweep] of Object.entries(sweeps)) {
    if (signal.aborted) break
    try {
      metrics?.swept(what, await sweep(store.admin.transaction))
    } catch (error) {
      logFailure(error instanceof Error ? error : new Error(String(error)), `sweep of ${what}`)
    }
  }
  return Infinity
}
