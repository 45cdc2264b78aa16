const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const

/** The longest duration there is, about 24 days: what Node's timers and PostgreSQL's settings can still count. */
export const longestDuration = 2_147_483_647

/** What a duration is, for messages and for the manual. */
export const durationForm = 'a duration such as "500ms", "30s", "10m" or "2h"'

/** Milliseconds of a duration such as `500ms`, `30s`, `1.5m` or `2h`; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,15}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(text.trim())
  if (!match) return undefined
  const milliseconds = Math.round(Number(match[1]) * units[match[2] as keyof typeof units])
  return milliseconds <= longestDuration ? milliseconds : undefined
}

/** A duration as people write it, in the largest unit that leaves no fraction: `600000` is `10m`. */
export function formatDuration(milliseconds: number): string {
  for (const unit of ['h', 'm', 's'] as const) {
    if (milliseconds >= units[unit] && milliseconds % units[unit] === 0) return `${milliseconds / units[unit]}${unit}`
  }
  return milliseconds === 0 ? '0s' : `${milliseconds}ms`
}
