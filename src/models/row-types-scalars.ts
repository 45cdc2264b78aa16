/** How a row's values come that drivers give in more than one way. */
export interface ScalarForms {
  /** What moments and days are: `date` a Date as drivers give it, `text` as JSON has them. */
  readonly dates: 'date' | 'text'
  /** What bigint is: `text` as other drivers give it (default), `number` as metastore's own does up to 2^53. */
  readonly bigints?: 'text' | 'number'
}

const byName: Readonly<Record<string, string>> = {
  smallint: 'number',
  integer: 'number',
  oid: 'number',
  real: 'number',
  'double precision': 'number',
  boolean: 'boolean',
  json: 'JsonValue',
  jsonb: 'JsonValue',
  bytea: 'Uint8Array',
}

const texts =
  /^(?:bigint|numeric|money|text|citext|character|character varying|name|"char"|uuid|inet|cidr|macaddr8?|xml|bit|bit varying|interval|time\b.*|tsvector|tsquery|ltree|pg_lsn|.*range|vector|halfvec)$/

/** The TypeScript type of a value of a type that PostgreSQL or an extension brings; `unknown` for one that is not known here. */
export function scalarType(type: string, { dates, bigints = 'text' }: ScalarForms): string {
  // Without length and precision, and without the schema of an extension's type.
  const bare = type
    .replaceAll(/\([^)]*\)/g, '')
    .replace(/^(?:[\w$]+|"(?:[^"]|"")+")\./, '')
    .replaceAll(/ +/g, ' ')
    .trim()
  const known = Object.hasOwn(byName, bare) ? byName[bare] : undefined
  if (known !== undefined) return known
  if (bare === 'bigint' && bigints === 'number') return 'number'
  if (bare === 'date' || bare.startsWith('timestamp')) return dates === 'date' ? 'Date' : 'string'
  return texts.test(bare) || bare.startsWith('interval') ? 'string' : 'unknown'
}
