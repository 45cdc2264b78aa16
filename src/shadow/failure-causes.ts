import { DatabaseError } from '../database/database.ts'

/** What a file failed for want of. */
export interface Missing {
  readonly kind: 'object' | 'role'
  /** Its name without its schema, or the name of what lacks something; null where the server names nothing. */
  readonly name: string | null
}

// As the server words what is not there (PostgreSQL manual, appendix A: 3F000, 42703, 42704, 42883, 42P01).
const missingObject =
  /^(?!role |database )[a-z][a-z -]*? (?:"((?:[^"]|"")+)"|([^\s"(:]+))(?:\(.*\))?(?: (?:of|for|referenced|named|specified|from) .*?)? does not exist/
const missingFunction = /^could not find an? (?:function|procedure|aggregate) named "([^"]+)"/

// What is there, and lacks a key or a value that another file may add.
const lacking = [
  /^there is no unique constraint matching given keys for referenced table "([^"]+)"/,
  /^invalid input value for enum "?([^":]+)"?:/,
  /^"[^"]+" is not an existing enum label/,
  /^there is no unique or exclusion constraint matching the ON CONFLICT specification/,
  /^operator (?:class )?does not exist:/,
  /^data type (\S+) has no default operator class/,
]

/** What a failure says is missing; undefined for a failure of another kind. */
export function missingFrom(message: string): Missing | undefined {
  const role = /^role "(.+?)" does not exist/.exec(message)?.[1]
  if (role !== undefined) return { kind: 'role', name: role }
  const [, quoted, plain] = missingObject.exec(message) ?? []
  const name = quoted ?? plain ?? missingFunction.exec(message)?.[1]
  if (name !== undefined) return { kind: 'object', name: lastPart(name) }
  const found = lacking.map((pattern) => pattern.exec(message)).find((match) => match !== null)
  return found && { kind: 'object', name: found[1] === undefined ? null : lastPart(found[1]) }
}

function lastPart(name: string): string {
  return (name.split('.').at(-1) ?? name).replaceAll('"', '').replace(/(?:\[\])+$/, '')
}

// What CREATE and ALTER … ADD make, in words that may stand between them and the name.
const words = String.raw`(?:\b(?:or|replace|temp|temporary|unlogged|unique|constraint|materialized|recursive|foreign|if|not|exists|concurrently|only)\b\s+)*`
const kinds = String.raw`(?:table|view|function|procedure|aggregate|type|domain|schema|extension|index|sequence|trigger|collation|policy|rule|role|user|group|statistics|publication|column|constraint|language|server|operator\s+class|operator|text\s+search\s+\w+)`

/** Whether a text seems to make something of a name. A guess, for what could not be run. */
export function seemsToMake(source: string, { kind, name }: Missing): boolean {
  if (name === null) return false
  const escaped = name.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)
  const made = kind === 'role' ? '(?:role|user|group)' : kinds
  const pattern = String.raw`\b(?:create|add)\s+${words}${made}\s+${words}(?:"?[\w$]+"?\s*\.\s*)?"?${escaped}(?![\w$])`
  return new RegExp(pattern, 'i').test(source)
}

/** Whether a statement needs what this server cannot have: an extension, a library, a collation provider. */
export function unavailable(error: unknown): boolean {
  if (!(error instanceof DatabaseError)) return false
  if (/^extension ".*" is not available/.test(error.message)) return true
  return error.engineCode === '58P01' || /could not (open extension control|access) file/.test(error.message)
}
