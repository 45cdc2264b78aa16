/** The statuses of runs that have not ended. */
export const activeStatuses = ['pending', 'running'] as const

/** The statuses of runs that have ended. */
export const endStatuses = ['success', 'error', 'timeout', 'interrupted'] as const

/** How a run has ended. */
export type EndStatus = (typeof endStatuses)[number]

/** Whether a run with this status has ended. */
export function hasEnded(status: string): boolean {
  return (endStatuses as readonly string[]).includes(status)
}
