/** A number with its digits in groups: `1 204 500`. */
export function grouped(number: number): string {
  return String(number).replaceAll(/\B(?=(?:\d{3})+$)/g, '\u202F')
}

/** A number with its noun: `1 table`, `3 tables`. */
export function counted(number: number, noun: string, plural = `${noun}s`): string {
  return `${grouped(number)} ${number === 1 ? noun : plural}`
}

/** A time as people read it: `2026-03-01 09:30 UTC`; what is no time stays as it is. */
export function shownTime(time: string): string {
  const [, day, minute] = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d)/.exec(time) ?? []
  return day === undefined || minute === undefined ? time : `${day} ${minute} UTC`
}
