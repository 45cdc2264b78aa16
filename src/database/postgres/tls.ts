import { existsSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import type { ConnectionOptions } from 'node:tls'
import { MetastoreError } from '../../errors.ts'
import type { PostgresTarget } from '../driver.ts'

/** How a connection is protected: not at all, or by TLS with these options. */
export type Protection = false | ConnectionOptions

/**
 * The ways to connect that `sslmode` allows, in the order in which they are tried, with libpq's meanings and libpq's
 * files in ~/.postgresql. Throws `connection_failed` when a certificate cannot be read.
 */
export function protections({ host, parameters }: PostgresTarget): Protection[] {
  // Nobody can listen in on a Unix-domain socket.
  if (host.startsWith('/')) return [false]
  const mode = parameters['sslmode'] ?? 'prefer'
  if (mode === 'disable') return [false]
  const tls = tlsOptions(mode, parameters)
  if (mode === 'allow') return [false, tls]
  return mode === 'prefer' ? [tls, false] : [tls]
}

function tlsOptions(mode: string, parameters: PostgresTarget['parameters']): ConnectionOptions {
  const root = parameters['sslrootcert'] ?? standardFile('root.crt')
  const cert = parameters['sslcert'] ?? standardFile('postgresql.crt')
  const key = parameters['sslkey'] ?? standardFile('postgresql.key')
  const passphrase = parameters['sslpassword']
  const own = {
    ...(cert === undefined ? {} : { cert: read(cert, 'sslcert') }),
    ...(key === undefined ? {} : { key: read(key, 'sslkey') }),
    ...(passphrase === undefined ? {} : { passphrase }),
  }
  // With a root certificate at hand, `require` means `verify-ca`, as in libpq.
  const verify = mode === 'require' && root !== undefined ? 'verify-ca' : mode
  if (verify !== 'verify-ca' && verify !== 'verify-full') return { ...own, rejectUnauthorized: false }
  if (root === 'system' || root === undefined) {
    if (verify === 'verify-full') return { ...own, rejectUnauthorized: true }
    throw rootMissing(mode)
  }
  const trusted = { ...own, ca: read(root, 'sslrootcert'), rejectUnauthorized: true }
  return verify === 'verify-full' ? trusted : { ...trusted, checkServerIdentity: () => undefined }
}

function standardFile(name: string): string | undefined {
  const file = path.join(homedir(), '.postgresql', name)
  return existsSync(file) ? file : undefined
}

function read(file: string, parameter: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new MetastoreError({
      code: 'connection_failed',
      message: `The file ${file}, which ${parameter} of the database URL names, cannot be read.`,
      where: file,
      remedy: `Correct ${parameter}, or make the file readable.`,
      cause,
    })
  }
}

// Any of the world's certificate authorities could vouch for any server: without its name, that proves nothing.
function rootMissing(mode: string): MetastoreError {
  return new MetastoreError({
    code: 'connection_failed',
    message: `sslmode=${mode} needs the certificate that the server's certificate is to be signed by.`,
    where: 'database URL',
    remedy:
      'Name its file with sslrootcert, or use sslmode=verify-full for a server with a publicly trusted certificate.',
  })
}
