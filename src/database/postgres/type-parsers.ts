import { MetastoreError } from '../../errors.ts'
import { parseArray } from './array-text.ts'

/** Turns a value as the server writes it into what JavaScript has for it. */
export type TypeParser = (text: string) => unknown

// By the numbers that pg_type gives the built-in types, which never change.
const elements: readonly { readonly type: number; readonly array: number; readonly parse: TypeParser }[] = [
  { type: 16, array: 1000, parse: (text) => text === 't' }, // bool
  { type: 17, array: 1001, parse: parseBytes }, // bytea
  { type: 20, array: 1016, parse: parseInteger }, // int8
  { type: 21, array: 1005, parse: Number }, // int2
  { type: 23, array: 1007, parse: Number }, // int4
  { type: 26, array: 1028, parse: Number }, // oid
  { type: 700, array: 1021, parse: Number }, // float4
  { type: 701, array: 1022, parse: Number }, // float8
  { type: 114, array: 199, parse: parseJson }, // json
  { type: 3802, array: 3807, parse: parseJson }, // jsonb
  { type: 1114, array: 1115, parse: (text) => parseTime(text, '+00') }, // timestamp
  { type: 1184, array: 1185, parse: (text) => parseTime(text, '') }, // timestamptz
]

// Arrays of types whose elements stay text.
const textArrays = [
  143, 271, 629, 651, 719, 775, 791, 1002, 1003, 1006, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 1015, 1017, 1018, 1019,
  1027, 1034, 1040, 1041, 1182, 1183, 1187, 1231, 1270, 1561, 1563, 2201, 2207, 2208, 2209, 2210, 2211, 2949, 2951,
  3221, 3643, 3644, 3645, 3735, 3770, 3905, 3907, 3909, 3911, 3913, 3927, 4073, 4090, 4097, 4192, 5039, 6150, 6151,
  6152, 6153, 6155, 6157,
]

/** What becomes of the values of each type; a type that is not here stays text, such as numeric, date and interval. */
export const typeParsers: ReadonlyMap<number, TypeParser> = new Map<number, TypeParser>([
  ...elements.map(({ type, parse }) => [type, parse] as const),
  ...elements.map(({ array, parse }) => [array, (text: string) => parseArray(text, parse)] as const),
  ...textArrays.map((array) => [array, (text: string) => parseArray(text, (element) => element)] as const),
])

function parseInteger(text: string): number | bigint {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : BigInt(text)
}

function parseJson(text: string): unknown {
  return JSON.parse(text) as unknown
}

function parseBytes(text: string): Uint8Array {
  if (text.startsWith('\\x')) return Buffer.from(text.slice(2), 'hex')
  // bytea_output = escape: \\ is a backslash and \123 a byte in octal, the rest is ASCII.
  const bytes = text.replaceAll(/\\(\\|[0-3][0-7]{2})/g, (_, code: string) =>
    code === '\\' ? '\\' : String.fromCharCode(Number.parseInt(code, 8)),
  )
  return Buffer.from(bytes, 'latin1')
}

/** A timestamp in the ISO style, which JavaScript reads only after some changes; one without a zone counts as UTC. */
function parseTime(text: string, zone: string): Date | number {
  if (text === 'infinity') return Infinity
  if (text === '-infinity') return -Infinity
  const match = /^(\d+)-(\d\d)-(\d\d) (\d\d:\d\d:\d\d)(?:\.(\d+))?([+-]\d\d(?::\d\d)?(?::\d\d)?)?( BC)?$/.exec(text)
  if (match === null) throw unreadableTime(text)
  const [, years = '', month = '', day = '', clock = '', fraction = '', offset = zone, era] = match
  const year = era === undefined ? Number(years) : 1 - Number(years)
  const sign = year < 0 ? '-' : '+'
  const iso = `${sign}${String(Math.abs(year)).padStart(6, '0')}-${month}-${day}T${clock}.${fraction.padEnd(3, '0').slice(0, 3)}Z`
  return new Date(Date.parse(iso) - offsetSeconds(offset) * 1000)
}

function offsetSeconds(offset: string): number {
  const [hours = 0, minutes = 0, seconds = 0] = offset.slice(1).split(':').map(Number)
  const total = hours * 3600 + minutes * 60 + seconds
  return offset.startsWith('-') ? -total : total
}

function unreadableTime(text: string): MetastoreError {
  return new MetastoreError({
    code: 'not_supported',
    message: `The database wrote a time as ${text}, which is not in the ISO style.`,
    remedy: 'Set DateStyle to ISO for this role or database, or in its URL with options=-c%20DateStyle=ISO.',
  })
}
