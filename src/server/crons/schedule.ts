import { Cron } from 'croner'
import { invalid } from '../../store/store.ts'

/** When something happens again and again: five fields of cron, read by the clocks of a time zone. */
export interface Schedule {
  readonly schedule: string
  /** As the IANA names it. */
  readonly timezone: string
  /** After which it happens no more; null for never. */
  readonly endTime: Date | null
}

/**
 * The first time after a moment, or undefined when there is none until the end. A time of day that daylight saving skips comes an
 * hour later on that day, and one that it repeats comes once.
 */
export function nextOccurrence({ schedule, timezone, endTime }: Schedule, after: Date): Date | undefined {
  const next = new Cron(schedule, { mode: '5-part', timezone, paused: true }).nextRun(after)
  return next === null || (endTime !== null && next > endTime) ? undefined : next
}

/** Refuses what is no schedule, and no time zone. Throws `request_invalid`. */
export function checkSchedule({ schedule, timezone }: Omit<Schedule, 'endTime'>): void {
  if (!isTimeZone(timezone)) {
    throw invalid('timezone', 'There is no such time zone. Write a name such as Europe/Paris.')
  }
  if (schedule.trim().split(/\s+/).length !== 5 || !occurs({ schedule, timezone })) {
    throw invalid(
      'schedule',
      'Write the five fields of cron (minute, hour, day of the month, month, day of the week), for a time that comes.',
    )
  }
}

function occurs(schedule: Omit<Schedule, 'endTime'>): boolean {
  try {
    return nextOccurrence({ ...schedule, endTime: null }, new Date()) !== undefined
  } catch {
    return false
  }
}

function isTimeZone(name: string): boolean {
  // Offsets, which some versions of Node take, are no zones with a daylight saving.
  if (!/^[A-Za-z]/.test(name)) return false
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
