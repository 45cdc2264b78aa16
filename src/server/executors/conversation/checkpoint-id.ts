import { randomBytes } from 'node:crypto'

/** Ticks of 100 ns between 1582-10-15, with which UUIDs begin to count, and 1970. */
const epoch = 122_192_928_000_000_000n

let last = 0n

/**
 * A UUID of version 6 (RFC 9562, 5.6), as LangGraph names its checkpoints: as text in the order of time. It is after the
 * parent's, whatever the clock of whoever made that.
 */
export function nextCheckpointId(parent: string | undefined): string {
  const now = epoch + BigInt(Date.now()) * 10_000n
  last = [now, last + 1n, ticksOf(parent) + 1n].reduce((most, each) => (each > most ? each : most))
  const time = last.toString(16).padStart(15, '0')
  const random = randomBytes(8)
  random[0] = ((random[0] ?? 0) & 0x3f) | 0x80
  const rest = random.toString('hex')
  return `${time.slice(0, 8)}-${time.slice(8, 12)}-6${time.slice(12)}-${rest.slice(0, 4)}-${rest.slice(4)}`
}

function ticksOf(id: string | undefined): bigint {
  const parts = /^([0-9a-f]{8})-([0-9a-f]{4})-6([0-9a-f]{3})-/.exec(id ?? '')
  return parts === null ? 0n : BigInt(`0x${parts.slice(1).join('')}`)
}
