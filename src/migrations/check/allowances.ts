import type { Finding } from '../../finding.ts'
import { nearest } from '../../nearest.ts'
import { lineAndColumn } from '../../text-position.ts'
import { scanSql, type Range } from '../sql/scanner.ts'

/** A comment that allows a hazard, with the reason. */
interface Allowance extends Range {
  /** Ids and codes, as they are written. */
  readonly subjects: readonly string[]
  /** Undefined when nobody gave one. */
  readonly reason: string | undefined
  /** The statement that it is for, in the text; undefined for all of it. */
  readonly statement: Range | undefined
}

const form = /^--[ \t]*metastore:[ \t]*allow\b[ \t]*(.*?)[ \t\r]*$/i

/**
 * The comments `-- metastore: allow H01 because …` of a script. Directly above a statement, or inside it, one is for that
 * statement; above the first statement with an empty line below it, for all of the script.
 */
function allowancesIn(text: string): Allowance[] {
  const { comments, statements } = scanSql(text, 'postgres')
  return comments.flatMap(({ start, end, ownLine }): Allowance[] => {
    const match = ownLine ? form.exec(text.slice(start, end)) : null
    if (match === null) return []
    const [list = '', ...because] = (match[1] ?? '').split(/\bbecause\b/i)
    const reason = because.join('because').trim()
    const subjects = list.split(/[\s,]+/).filter((word) => word !== '')
    const next = statements.find((statement) => statement.end > start)
    const isHeader =
      next === statements[0] && next !== undefined && start < next.start && standsApart(text, end, next.start)
    return [
      { start, end, subjects, reason: reason === '' ? undefined : reason, statement: isHeader ? undefined : next },
    ]
  })
}

// An empty line between the comment and the statement, or another marker: then it belongs to the head of the file.
function standsApart(text: string, end: number, statement: number): boolean {
  const between = text.slice(end, statement)
  return /\n[ \t\r]*\n/.test(between) || /^[ \t]*--[ \t]*(?:metastore:(?![ \t]*allow\b)|migrate:|\+)/im.test(between)
}

/** A text whose allowances count, and where it stands. */
export interface AllowedText {
  readonly path: string
  readonly source: string
  readonly text: string
  readonly start: number
  /** Whether offsets of the text are those of the file, less `start`. */
  readonly verbatim: boolean
}

/** What can be allowed: each by its id and its code. */
export interface Allowable {
  readonly id: string
  readonly code: string
}

/** Takes out what is allowed, and adds what is wrong with the allowances themselves. */
export function applyAllowances(
  found: readonly { readonly finding: Finding; readonly statement: { readonly offset: number } }[],
  place: AllowedText,
  known: readonly Allowable[],
): Finding[] {
  const allowances = allowancesIn(place.text)
  const used = new Set<string>()
  const left = found.filter(({ finding, statement }) => {
    const matching = allowances.flatMap((allowance, index) =>
      covers(allowance, statement, place)
        ? allowance.subjects.filter((subject) => isSubject(subject, finding)).map((subject) => `${index} ${subject}`)
        : [],
    )
    for (const key of matching) used.add(key)
    return matching.length === 0
  })
  const wrong = allowances.flatMap((allowance, index) =>
    problemsOf(allowance, known, (subject) => used.has(`${index} ${subject}`)).map((problem) => ({
      ...problem,
      file: place.path,
      ...lineAndColumn(place.source, place.verbatim ? place.start + allowance.start : place.start),
    })),
  )
  return [...left.map(({ finding }) => finding), ...wrong]
}

function covers(
  { statement, reason }: Allowance,
  found: { readonly offset: number },
  { start, verbatim }: AllowedText,
): boolean {
  if (reason === undefined) return false
  if (statement === undefined || !verbatim) return true
  return found.offset >= start + statement.start && found.offset < start + statement.end
}

function isSubject(subject: string, { code, hazard }: Finding): boolean {
  return subject.toLowerCase() === code.toLowerCase() || subject.toLowerCase() === hazard?.toLowerCase()
}

type Problem = Pick<Finding, 'code' | 'severity' | 'message' | 'remedy'>

function problemsOf(
  { subjects, reason }: Allowance,
  known: readonly Allowable[],
  isUsed: (subject: string) => boolean,
): Problem[] {
  const invalid = { code: 'allowance_invalid', severity: 'P1' as const }
  if (subjects.length === 0) {
    const remedy = 'Write it as -- metastore: allow H01 because it is why.'
    return [{ ...invalid, message: 'This allowance does not say what it allows.', remedy }]
  }
  if (reason === undefined) {
    const message = `This allowance of ${subjects.join(', ')} has no reason, so it allows nothing.`
    return [{ ...invalid, message, remedy: 'Say why it does no harm here: … because the table is empty.' }]
  }
  return subjects.flatMap((subject): Problem[] => {
    const legal = known.some(({ id, code }) => [id, code].some((name) => name.toLowerCase() === subject.toLowerCase()))
    if (!legal) {
      const meant = nearest(
        subject,
        known.map(({ code }) => code),
      )
      const remedy = `${meant === undefined ? '' : `Did you mean ${meant}? `}metastore docs hazards lists what there is.`
      return [{ ...invalid, message: `There is no hazard ${subject}.`, remedy }]
    }
    if (isUsed(subject)) return []
    const message = `Nothing here needs the allowance of ${subject}.`
    return [
      {
        code: 'allowance_unused',
        severity: 'P2' as const,
        message,
        remedy: 'Remove it, or put it above its statement.',
      },
    ]
  })
}
