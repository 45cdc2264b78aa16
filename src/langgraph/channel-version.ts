import { randomInt } from 'node:crypto'

/** Digits of the counter, so that versions compare as text in the order of their counters. */
const digits = 32

/**
 * The version of a channel that follows another: a counter, and a random part. Two forks of a thread count alike, and without
 * the random part the value of one would be taken for that of the other.
 */
export function nextVersion(current: string | number | undefined): string {
  const [counter = '0'] = String(current ?? 0).split('.')
  return `${padded(Number(counter) + 1)}.${String(randomInt(2 ** 47)).padStart(15, '0')}`
}

/** A version that another saver counted in integers, so that it compares with ours. */
export function paddedVersion(version: string | number): string {
  return /^\d+$/.test(String(version)) ? padded(Number(version)) : String(version)
}

function padded(counter: number): string {
  return String(counter).padStart(digits, '0')
}
