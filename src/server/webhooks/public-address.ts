import { lookup as systemLookup, type LookupAddress } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

// Addresses that lead to this machine, to its network, or to nobody (IANA special-purpose address registries).
const special = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  special.addSubnet(network, prefix, 'ipv4')
}
for (const [network, prefix] of [
  // Unspecified, loopback, and IPv4 within IPv6 in its old form.
  ['::', 96],
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const) {
  special.addSubnet(network, prefix, 'ipv6')
}

/** Why nothing is sent to an address; its message names no address. */
export class AddressRefused extends Error {
  constructor() {
    super('The address is one of a private network.')
  }
}

/** Whether an address is one that everybody reaches. */
export function isPublicAddress(address: string): boolean {
  const kind = isIP(address)
  return kind !== 0 && !special.check(address, kind === 4 ? 'ipv4' : 'ipv6')
}

/** Refuses the host of a URL when it is an address of a private network. Throws `AddressRefused`. */
export function refusePrivateHost(hostname: string): void {
  const host = hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) !== 0 && !isPublicAddress(host)) throw new AddressRefused()
}

/**
 * Finds the addresses of a name for a connection, and refuses all when one is of a private network. The connection is made to what
 * was looked at here, so that a name that changes between the look and the connection gains nothing.
 */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  systemLookup(hostname, { ...options, all: true }, (error, found) => {
    const addresses: readonly LookupAddress[] = error === null ? found : []
    if (error !== null) return callback(error, '', 0)
    if (!addresses.every(({ address }) => isPublicAddress(address))) return callback(new AddressRefused(), '', 0)
    const [first] = addresses
    if (options.all === true) return callback(null, [...addresses])
    callback(null, first?.address ?? '', first?.family)
  })
}
