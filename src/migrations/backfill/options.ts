import type { Session } from '../../database/database.ts'

/** How a backfill goes about its work. */
export interface BackfillOptions {
  /** Rows of one batch, about; batches that take over 250 ms are made smaller. Default 1,000. */
  readonly batchSize: number
  /** Milliseconds between two batches. Default 0. */
  readonly batchDelay: number
  /** The share of time, from 0 to below 1, that is spent waiting, so that the load leaves room for others. Default 0. */
  readonly throttle: number
  /** Asked between batches whether to pause. */
  readonly holds?: readonly Hold[]
}

/** Whether a backfill should pause now, and why, as a sentence; null to go on. */
export type Hold = (session: Session) => Promise<string | null>
