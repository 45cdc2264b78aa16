import { createHash } from 'node:crypto'

// A namespace of our own (RFC 9562, 6.6), so that the same names of others give other UUIDs.
const namespace = Buffer.from('7b0f2f5c5bb14d3a9f0e6a1d3c8e4b52', 'hex')

/** The UUID (version 5) of a name: the same whenever and wherever it is asked for. */
export function stableUuid(name: string): string {
  const bytes = createHash('sha1').update(namespace).update(name, 'utf8').digest().subarray(0, 16)
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}
