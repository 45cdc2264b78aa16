import { Counter, type Registry } from 'prom-client'

/** What the work in the background counts. */
export interface BackgroundMetrics {
  crons(fired: number, failed: number): void
  webhooks(arrived: number, failed: number): void
  swept(what: string, count: number): void
}

/** Counters of the work in the background. */
export function backgroundMetrics(registry: Registry): BackgroundMetrics {
  const registers = [registry]
  const crons = new Counter({
    name: 'metastore_cron_occurrences_total',
    help: 'Times of crons that came, by whether a run could be made.',
    labelNames: ['outcome'],
    registers,
  })
  const webhooks = new Counter({
    name: 'metastore_webhook_attempts_total',
    help: 'Attempts to send a message to a webhook, by whether it arrived.',
    labelNames: ['outcome'],
    registers,
  })
  const swept = new Counter({
    name: 'metastore_swept_total',
    help: 'What was removed because its time was over.',
    labelNames: ['what'],
    registers,
  })
  return {
    crons(fired, failed) {
      crons.inc({ outcome: 'run' }, fired)
      crons.inc({ outcome: 'failed' }, failed)
    },
    webhooks(arrived, failed) {
      webhooks.inc({ outcome: 'arrived' }, arrived)
      webhooks.inc({ outcome: 'failed' }, failed)
    },
    swept: (what, count) => swept.inc({ what }, count),
  }
}
