// SQLite has no type for a point in time: it keeps the text that it is given, and sorts it as text. So what we write has the
// form that its own CURRENT_TIMESTAMP has, in UTC, with milliseconds behind it. PostgreSQL reads that form as well.

/**
 * A point in time as both engines store it.
 * @param {Date} time
 */
export function toStored(time) {
  return time.toISOString().replace('T', ' ')
}

/**
 * A stored point in time, as PostgreSQL (a Date) or SQLite (text) gives it back.
 * @param {Date | string} stored
 */
export function fromStored(stored) {
  if (stored instanceof Date) return stored
  return new Date(`${stored.replace(' ', 'T').replace(/Z$/, '')}Z`)
}
