import * as z from 'zod'

/** What a string of SQL is, and so how its syntax is looked at. */
export type SqlKind = 'expression' | 'type' | 'generation' | 'query' | 'script'

/** Which strings of the format are SQL. Copies that `describe` makes of a schema are of the same kind. */
export const sqlKinds = z.registry<{ readonly kind: SqlKind }>()

/** The tables that several actions share, by what the manual calls them. */
export const structures = z.registry<{ readonly structure: string }>()

/** What a value breaks beside its type: a predicate to put behind its key path, and what to do. */
export interface Complaint {
  readonly verdict: string
  readonly remedy: string
}

type Judge<Value> = (value: Value) => Complaint | undefined

// A check that tells in `params` what to say, since only the reader of the file knows how the place is called.
function judged<Value>(judge: Judge<Value>): z.core.CheckFn<Value> {
  return (context) => {
    const complaint = judge(context.value)
    if (complaint !== undefined) {
      context.issues.push({ code: 'custom', input: context.value, params: { ...complaint }, continue: false })
    }
  }
}

/** Any text that PostgreSQL can hold. */
export function text(description: string) {
  return z.string().check(judged(notStorable)).describe(description)
}

/** The name of a table, column, constraint … of the database. */
export function name(description: string) {
  return z.string().min(1).check(judged(notStorable), judged(tooLong)).describe(description)
}

/** The label of an enum, which may be empty. */
export function label(description: string) {
  return z.string().check(judged(notStorable), judged(tooLong)).describe(description)
}

/** The name that a file gives its migration. */
export function migrationName(description: string) {
  return z.string().min(1).check(judged(notStorable), judged(tooLongForSchema)).describe(description)
}

/** The name of a setting of an application's own, which has a point in it. */
export function settingName(description: string) {
  return z.string().check(judged(notStorable), judged(noSetting)).describe(description)
}

/** SQL in a string. */
export function sqlText(kind: SqlKind, description: string) {
  return z.string().check(judged(notStorable)).register(sqlKinds, { kind }).describe(description)
}

/** One of some words, in upper or lower case, with any white space between its parts. */
export function choice<const Word extends string>(words: readonly Word[], description: string) {
  const known = new Map(words.map((word) => [word.toLowerCase(), word]))
  return z
    .string()
    .transform((written) => known.get(written.trim().replaceAll(/\s+/g, ' ').toLowerCase()) ?? written)
    .pipe(z.enum(words))
    .meta({ description, enum: [...new Set(words.flatMap((word) => [word, word.toLowerCase()]))] })
}

/** A list with at least one element. */
export function listOf<Element extends z.core.SomeType>(element: Element, description: string) {
  return z.array(element).min(1).describe(description)
}

/** A table with some keys and no others, that the manual has a paragraph for. */
export function structure<Keys extends z.core.$ZodLooseShape>(called: string, keys: Keys) {
  return z.strictObject(keys).register(structures, { structure: called })
}

/** Judges a table as a whole, whatever else is wrong with it; so `holds` is given whatever the file has. */
export function judgedTable<Keys extends z.core.$ZodShape>(
  schema: z.ZodObject<Keys, z.core.$strict>,
  holds: (table: Readonly<Record<string, unknown>>) => boolean,
  complaint: Complaint,
) {
  return schema.refine(holds, { params: { ...complaint }, when: () => true })
}

function notStorable(value: string): Complaint | undefined {
  if (value.includes('\0'))
    return { verdict: 'holds a zero byte', remedy: 'Remove it; PostgreSQL stores no text with one.' }
  if (/\p{Surrogate}/u.test(value)) {
    return { verdict: 'holds half of a character', remedy: 'Write both halves of the surrogate pair, or neither.' }
  }
  return undefined
}

function noSetting(value: string): Complaint | undefined {
  if (/^[a-z_]\w*(?:\.[a-z_]\w*)+$/i.test(value)) return undefined
  return { verdict: 'is not the name of a setting', remedy: 'Write names with a point between, such as app.tenant_id.' }
}

// https://www.postgresql.org/docs/current/sql-syntax-lexical.html#SQL-SYNTAX-IDENTIFIERS
const longestName = 63

/** How many bytes the name of a migration may have, whose schema is called `migration_<name>`. */
export const longestMigrationName = longestName - 'migration_'.length

function tooLong(value: string): Complaint | undefined {
  return beyond(value, longestName, 'PostgreSQL would cut it off')
}

function tooLongForSchema(value: string): Complaint | undefined {
  return beyond(value, longestMigrationName, 'its schema migration_<name> would be cut off')
}

function beyond(value: string, longest: number, why: string): Complaint | undefined {
  const bytes = Buffer.byteLength(value)
  if (bytes <= longest) return undefined
  return {
    verdict: `has ${bytes} bytes, and ${longest} are allowed: ${why}`,
    remedy: `Shorten it by ${bytes - longest === 1 ? 'one byte' : `${bytes - longest} bytes`}.`,
  }
}
