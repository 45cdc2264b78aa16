import type { Catalog } from '../../catalog/catalog.ts'
import type { Expression } from './parsed-expression.ts'

/**
 * Whether the expression may give another value each time it is evaluated for the same row: it calls a function that is
 * known for it, or one that the database has declared volatile. `now()` is the same within a transaction, and no such one.
 */
export function isVolatile(expression: Expression, catalog: Pick<Catalog, 'routines'>): boolean {
  return expression.functions.some((path) => {
    const name = path.at(-1) ?? ''
    const schema = path.at(-2)
    if (knownVolatile.test(name) && (schema === undefined || schema === 'pg_catalog')) return true
    return catalog.routines.some(
      (routine) =>
        routine.name === name &&
        (schema === undefined || schema === routine.schema) &&
        routine.volatility === 'volatile',
    )
  })
}

// Functions of the server and of the extensions that come with it; what belongs to an extension is not in a catalog.
const knownVolatile = new RegExp(
  `^(?:${[
    'random(?:_normal|_zipfian|_exponential|_gaussian)?',
    'setseed',
    'gen_random_(?:uuid|bytes)',
    'uuidv[0-9]+',
    'uuid_generate_v[0-9].*',
    'gen_salt',
    'pgp_(?:sym|pub)_encrypt.*',
    'nextval',
    'setval',
    'currval',
    'lastval',
    'clock_timestamp',
    'timeofday',
    'pg_sleep.*',
    'txid_current.*',
    'pg_current_xact_id.*',
    'set_config',
    'pg_(?:try_)?advisory_.*',
    'dblink.*',
  ].join('|')})$`,
)
