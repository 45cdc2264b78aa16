import { MetastoreError } from '../../errors.ts'
import type { FailureReason, PostgresTarget } from '../driver.ts'
import { DatabaseError } from '../failure.ts'
import { isServerError } from './server-failure.ts'

/** The server asks for a password, and the URL has none. */
export class NoPassword extends Error {}

/** The URL requires channel binding, and the server does not offer it. */
export class NoChannelBinding extends Error {}

/** The server is not of the kind that `target_session_attrs` asks for. */
export class WrongKindOfServer extends Error {}

/** Whether a failure says only that the connection may not be made with TLS, or not without it. */
export function mayBePlain(error: unknown): boolean {
  if (isServerError(error)) return error.code === '28000'
  const code = codeOf(error)
  return /SSL|TLS|EPROTO|ECONNRESET/.test(code) || /SSL connection/.test(messageOf(error))
}

/** What a failed attempt to connect is to the rest of metastore. */
export function connectionFailure(error: unknown, target: PostgresTarget): MetastoreError {
  if (error instanceof MetastoreError) return error
  const { message, remedy, reason } = explain(error, target)
  return new DatabaseError({
    code: 'connection_failed',
    reason,
    message,
    where: target.address,
    remedy,
    engineCode: isServerError(error) ? error.code : undefined,
    statement: undefined,
    position: undefined,
    object: undefined,
    details: isServerError(error) ? [`The server says: ${error.message}`] : [],
    cause: error,
  })
}

/** Whether it is worth trying again: the server is not there yet, or not ready. */
export function mayPass(error: unknown): boolean {
  if (!(error instanceof DatabaseError) || error.code !== 'connection_failed') return false
  return error.reason === 'connection_lost' || error.reason === 'busy'
}

interface Explanation {
  readonly message: string
  readonly remedy: string
  readonly reason: FailureReason
}

function explain(error: unknown, target: PostgresTarget): Explanation {
  if (isServerError(error)) return explainAnswer(error.code, error.message, target)
  return explainOurs(error, target) ?? explainTls(error) ?? explainNetwork(error, target)
}

function explainAnswer(code: string, said: string, { user, database }: PostgresTarget): Explanation {
  const role = user ?? ''
  const missing = 'or let metastore create it with --bootstrap'
  switch (code) {
    case '28P01':
      return {
        message: `The server refuses the password of the role ${role}, or has no such role.`,
        remedy: `Correct the user name and the password in the URL, ${missing} if the role is missing.`,
        reason: 'permission',
      }
    case '28000':
      return {
        message: `The server does not let the role ${role} in: ${said}.`,
        remedy: `Correct the user name or sslmode in the URL, allow the connection in pg_hba.conf, or create the role, ${missing}.`,
        reason: 'permission',
      }
    case '3D000':
      return {
        message: `The database ${database} does not exist on the server.`,
        remedy: `Correct the name in the URL, create the database, ${missing}.`,
        reason: 'missing_object',
      }
    case '42501':
      return {
        message: `The role ${role} may not connect to the database ${database}.`,
        remedy: `Grant it: grant connect on database "${database}" to "${role}".`,
        reason: 'permission',
      }
    case '53300':
      return {
        message: 'The server has no connection left.',
        remedy: 'Close connections that are not needed, raise max_connections, or wait for one with --wait 60s.',
        reason: 'busy',
      }
    case '57P03':
      return {
        message: `The server is not ready: ${said}.`,
        remedy: 'Wait for it with --wait 60s.',
        reason: 'busy',
      }
    default:
      return {
        message: `The server refuses the connection: ${said}.`,
        remedy: said.startsWith('unsupported startup parameter')
          ? 'Remove that parameter from the URL, for a connection pooler does not let it pass; or connect to the server itself.'
          : 'Correct the URL or the settings of the server.',
        reason: (code.startsWith('08') && code !== '08P01') || code.startsWith('57') ? 'connection_lost' : 'other',
      }
  }
}

function explainOurs(error: unknown, { parameters }: PostgresTarget): Explanation | undefined {
  if (error instanceof NoPassword) {
    return {
      message: 'The server asks for a password, and there is none in the database URL.',
      remedy: 'Put it into the URL, or set PGPASSWORD.',
      reason: 'permission',
    }
  }
  if (error instanceof NoChannelBinding) {
    return {
      message: 'The database URL requires channel binding, and the server does not offer it.',
      remedy: 'Connect to the server with TLS and without a proxy in between, or remove channel_binding from the URL.',
      reason: 'permission',
    }
  }
  if (error instanceof WrongKindOfServer) {
    return {
      message: `The server is not what target_session_attrs=${parameters['target_session_attrs']} asks for.`,
      remedy: 'Connect to another server, such as the primary one.',
      reason: 'other',
    }
  }
  return undefined
}

function explainTls(error: unknown): Explanation | undefined {
  const code = codeOf(error)
  const message = messageOf(error)
  const reason = 'permission'
  if (message.includes('does not support SSL')) {
    return {
      message: 'The server does not speak TLS, and the database URL requires it.',
      remedy: 'Turn ssl on at the server, or connect without it by sslmode=disable where the network is trusted.',
      reason,
    }
  }
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return {
      message: "The server's certificate is for another host than the one in the database URL.",
      remedy: 'Connect by the name that is in the certificate, or check the certificate only with sslmode=verify-ca.',
      reason,
    }
  }
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return {
      message: `The server's certificate is not valid at this time: ${message}.`,
      remedy: 'Renew the certificate of the server, and check the clock of this machine.',
      reason,
    }
  }
  if (/SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|CERT_/.test(code)) {
    return {
      message: `The server's certificate is not signed by anybody trusted: ${message}.`,
      remedy: 'Name the certificate of its authority with sslrootcert, or encrypt without checking by sslmode=require.',
      reason,
    }
  }
  return /SSL|TLS|EPROTO/.test(code) || message.includes('SSL connection')
    ? {
        message: `No TLS connection can be made: ${message}.`,
        remedy: 'Check the TLS settings of the server, and sslmode, sslcert and sslkey in the URL.',
        reason,
      }
    : undefined
}

function explainNetwork(error: unknown, { host, port }: PostgresTarget): Explanation {
  const reason = 'connection_lost'
  const place = host.startsWith('/') ? `${host}/.s.PGSQL.${port}` : `${host.includes(':') ? `[${host}]` : host}:${port}`
  const start = 'Start the server, correct the host and the port in the URL, or wait for it with --wait 60s.'
  switch (codeOf(error)) {
    case 'ECONNREFUSED':
    case 'ENOENT':
      return { message: `No database server answers at ${place}.`, remedy: start, reason }
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return {
        message: `The name of the host ${host} cannot be resolved.`,
        remedy: 'Correct the host in the URL, or wait for it with --wait 60s where it is only starting.',
        reason,
      }
    case 'EACCES':
    case 'EPERM':
      return {
        message: `This process may not connect to ${place}.`,
        remedy: 'Check the rights of the socket or the rules of the firewall.',
        reason: 'permission',
      }
  }
  const message = messageOf(error)
  if (message === 'timeout expired' || codeOf(error) === 'ETIMEDOUT') {
    return {
      message: `The database server at ${place} has not answered in time.`,
      remedy: 'Check the host, the port and the network; connect_timeout in the URL sets how many seconds to wait.',
      reason,
    }
  }
  return { message: `The connection to the database server at ${place} failed: ${message}.`, remedy: start, reason }
}

// A host with several addresses fails with all their failures in one; they have the code of the last.
function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/\.$/, '') : String(error)
}
