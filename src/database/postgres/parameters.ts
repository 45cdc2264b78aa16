import { nearest } from '../../nearest.ts'
import { invalidUrl } from '../invalid-url.ts'

/** The parameters of a PostgreSQL URL that have an effect, with the variable that libpq reads when they are missing. */
const effective: Record<string, string | undefined> = {
  application_name: 'PGAPPNAME',
  fallback_application_name: undefined,
  channel_binding: 'PGCHANNELBINDING',
  client_encoding: undefined,
  connect_timeout: 'PGCONNECT_TIMEOUT',
  options: 'PGOPTIONS',
  sslcert: 'PGSSLCERT',
  sslkey: 'PGSSLKEY',
  sslmode: 'PGSSLMODE',
  sslnegotiation: 'PGSSLNEGOTIATION',
  sslpassword: undefined,
  sslrootcert: 'PGSSLROOTCERT',
  target_session_attrs: 'PGTARGETSESSIONATTRS',
}

/** Parameters that say how others' clients work, and change nothing that matters here. */
const harmless = [
  'async_fallback',
  'gssencmode',
  'keepalives',
  'keepalives_count',
  'keepalives_idle',
  'keepalives_interval',
  'load_balance_hosts',
  'pgbouncer',
  'prepared_statement_cache_size',
  'sslcompression',
  'sslsni',
  'statement_cache_size',
  'tcp_user_timeout',
]

/** Parameters that would weaken the connection or lead elsewhere if they were ignored. */
const refused = [
  'gssdelegation',
  'gsslib',
  'hostaddr',
  'krbsrvname',
  'max_protocol_version',
  'min_protocol_version',
  'passfile',
  'replication',
  'require_auth',
  'requirepeer',
  'scram_client_key',
  'scram_server_key',
  'service',
  'ssl_max_protocol_version',
  'ssl_min_protocol_version',
  'sslcertmode',
  'sslcrl',
  'sslcrldir',
]

/** Parameters that stand for a part of the URL proper. */
export const parts = ['host', 'port', 'user', 'password', 'dbname'] as const

const values: Record<string, readonly string[]> = {
  sslmode: ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'],
  channel_binding: ['disable', 'prefer', 'require'],
  sslnegotiation: ['postgres', 'direct'],
  target_session_attrs: ['any', 'read-write', 'read-only', 'primary', 'standby', 'prefer-standby'],
}

/** Checks the parameters that a URL names and adds those that the environment gives. */
export function checkParameters(
  given: ReadonlyMap<string, string>,
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const parameters: Record<string, string> = {}
  for (const [name, variable] of Object.entries(effective)) {
    const value = variable === undefined ? undefined : environment[variable]
    if (value) parameters[name] = checkValue(name, value, variable ?? name)
  }
  for (const [name, value] of given) {
    if (name === 'ssl') parameters['sslmode'] = checkValue('sslmode', sslModes[value] ?? value, 'ssl')
    else if (Object.hasOwn(effective, name)) parameters[name] = checkValue(name, value, name)
    else if (!harmless.includes(name)) throw unknownParameter(name)
  }
  return parameters
}

const sslModes: Record<string, string> = { true: 'require', '1': 'require', false: 'disable', '0': 'disable' }

function checkValue(name: string, value: string, shown: string): string {
  const legal = values[name]
  if (legal !== undefined && !legal.includes(value)) {
    const meant = nearest(value, legal)
    throw invalidUrl(
      `The database URL's ${shown} is none of ${legal.join(', ')}.`,
      meant === undefined ? 'Give one of these values.' : `Did you mean ${shown}=${meant}?`,
    )
  }
  if (name === 'connect_timeout' && !/^\d{1,6}$/.test(value)) {
    throw invalidUrl(
      `The database URL's ${shown} is not a whole number of seconds.`,
      'Write for example connect_timeout=10; 0 waits without limit.',
    )
  }
  if (name === 'client_encoding' && !/^(utf-?8|unicode|auto)$/i.test(value)) {
    throw invalidUrl('The database URL asks for an encoding other than UTF-8.', 'Remove client_encoding from it.')
  }
  return value
}

function unknownParameter(name: string): Error {
  if (refused.includes(name)) {
    return invalidUrl(
      `The database URL has the parameter ${name}, which metastore does not support.`,
      'Remove it, if the connection is as safe as it must be without it.',
    )
  }
  const known = [...Object.keys(effective), ...parts, 'ssl']
  const meant = nearest(name, known)
  // What follows an unencoded ? or & may be the rest of a password, so an unknown name is shown only if it is near a known one.
  return meant === undefined
    ? invalidUrl(
        'The database URL has a parameter that is not known.',
        `The parameters are ${known.sort().join(', ')}. A ? in a user name or a password is written %3F.`,
      )
    : invalidUrl(`The database URL has no parameter of the name ${name}.`, `Did you mean ${meant}?`)
}
