const days = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] as const
const minutesOfDay = 24 * 60
const minutesOfWeek = 7 * minutesOfDay

/** The hours in which a database may be changed, of every week, by the clock of one place. */
export interface MaintenanceWindows {
  /** Minutes since Sunday 00:00 by that clock; an end beyond the week goes on in the next one. */
  readonly spans: readonly { readonly start: number; readonly end: number }[]
  /** An IANA time zone, such as `Europe/Paris`. */
  readonly zone: string
}

/** What windows look like, for messages and for the manual. */
export const windowsForm = 'windows such as "Sat-Sun 01:00-05:00 Europe/Paris"'

/**
 * Reads windows: `[DAYS] HH:MM-HH:MM`, several with semicolons between them, and at the end a time zone, UTC unless said. Days
 * are `Sat`, `Sat,Sun` or `Mon-Fri`, every day unless said. An end that is not after the start is one of the next day.
 * Undefined for anything else.
 */
export function parseWindows(text: string): MaintenanceWindows | undefined {
  const [, body = '', zone = 'UTC'] = /^(.*?\d)(?:\s+([A-Za-z][\w+/-]*))?$/.exec(text.trim()) ?? []
  if (body === '' || !isZone(zone)) return undefined
  const spans = body.split(';').map((part) => parseSpans(part.trim()))
  return spans.every((found) => found !== undefined) ? { spans: spans.flat(), zone } : undefined
}

/** Whether a change may begin at a moment. */
export function isOpen({ spans, zone }: MaintenanceWindows, at: Date): boolean {
  const minute = minuteOfWeek(at, zone)
  return spans.some(({ start, end }) => isWithin(minute, start, end) || isWithin(minute + minutesOfWeek, start, end))
}

/** When the windows open next, to the minute, from a moment at which they are closed. */
export function nextOpening(windows: MaintenanceWindows, from: Date): Date {
  let minute = Math.ceil(from.getTime() / 60_000)
  const last = minute + 2 * minutesOfWeek
  while (minute < last) {
    const here = minuteOfWeek(new Date(minute * 60_000), windows.zone)
    const ahead = Math.min(...windows.spans.map(({ start }) => (start - here + minutesOfWeek) % minutesOfWeek))
    // Minute by minute around it, because a clock may be put forward or back until then.
    const end = minute + ahead + aroundChanges
    for (minute = Math.max(minute, minute + ahead - aroundChanges); minute <= end; minute += 1) {
      const moment = new Date(minute * 60_000)
      if (isOpen(windows, moment)) return moment
    }
  }
  return from
}

// Clocks are put forward or back by an hour, or by less.
const aroundChanges = 61

function parseSpans(text: string): { start: number; end: number }[] | undefined {
  const match = /^(?:([A-Za-z][A-Za-z, -]*?)\s+)?(\d\d?):(\d\d)\s*-\s*(\d\d?):(\d\d)$/.exec(text)
  if (match === null) return undefined
  const [, named, ...clock] = match
  const on = named === undefined ? [0, 1, 2, 3, 4, 5, 6] : parseDays(named)
  const [start, end] = [minuteOf(clock[0], clock[1]), minuteOf(clock[2], clock[3])]
  if (on === undefined || start === undefined || end === undefined || start === minutesOfDay) return undefined
  const length = end > start ? end - start : end + minutesOfDay - start
  return on.map((day) => ({ start: day * minutesOfDay + start, end: day * minutesOfDay + start + length }))
}

function parseDays(text: string): number[] | undefined {
  const found: number[] = []
  for (const part of text.split(',')) {
    const ends = part.split('-').map((name) => dayOf(name.trim()))
    const [first, last = first] = ends
    if (first === undefined || last === undefined || ends.length > 2 || ends.includes(undefined)) return undefined
    for (let day = first; ; day = (day + 1) % 7) {
      found.push(day)
      if (day === last) break
    }
  }
  return found
}

function dayOf(name: string): number | undefined {
  const index = days.indexOf(name.toLowerCase().slice(0, 3) as (typeof days)[number])
  return index !== -1 && /^(?:sun|mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?)(?:day)?$/i.test(name)
    ? index
    : undefined
}

function minuteOf(hours = '', minutes = ''): number | undefined {
  const minute = Number(hours) * 60 + Number(minutes)
  return Number(minutes) < 60 && minute <= minutesOfDay ? minute : undefined
}

function isWithin(minute: number, start: number, end: number): boolean {
  return minute >= start && minute < end
}

function isZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: zone }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

const clocks = new Map<string, Intl.DateTimeFormat>()

function minuteOfWeek(at: Date, zone: string): number {
  let clock = clocks.get(zone)
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      weekday: 'short',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
    })
    clocks.set(zone, clock)
  }
  const parts = Object.fromEntries(clock.formatToParts(at).map(({ type, value }) => [type, value]))
  const day = days.indexOf((parts['weekday'] ?? '').toLowerCase() as (typeof days)[number])
  return day * minutesOfDay + Number(parts['hour']) * 60 + Number(parts['minute'])
}
