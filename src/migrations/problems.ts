import { MetastoreError } from '../errors.ts'
import { excerpt, placeIn } from '../text-position.ts'

/** A text, the file it is from, and where in the file it begins. */
export interface Place {
  /** As people see it; undefined for a text that is in no file. */
  readonly path: string | undefined
  /** The file's whole text. */
  readonly source: string
  /** Where the text begins in it, in UTF-16 code units. */
  readonly offset: number
}

/** One thing that is wrong with a file: what it is called, what to say, and what to do. */
export interface Problem {
  readonly code:
    | 'migration_invalid'
    | 'sql_syntax'
    | 'schema_conflict'
    | 'binding_failed'
    | 'data_conflict'
    | 'key_ignored'
    | 'test_invalid'
    | 'test_failed'
  readonly message: string
  readonly remedy: string
  /** Lines that follow the line of the file. */
  readonly details?: readonly string[]
}

/** The place of a text that is a file of its own, or in no file at all. */
export function wholeFile(source: string, path?: string): Place {
  return { path, source, offset: 0 }
}

/** The error for something wrong at an offset of a text, with its line and a caret under it. */
export function problemAt({ path, source, offset: base }: Place, offset: number, problem: Problem): MetastoreError {
  const place = placeIn(path ?? '', source, base + offset)
  return new MetastoreError({
    ...problem,
    where: path === undefined ? `line ${place.slice(1)}` : place,
    details: [...excerpt(source, base + offset), ...(problem.details ?? [])],
  })
}

/** Several things that are wrong, as one error: the first, with the others told in its details. */
class CombinedError extends MetastoreError {
  readonly problems: readonly MetastoreError[]

  constructor(first: MetastoreError, others: readonly MetastoreError[]) {
    const { code, message, where, remedy, cause } = first
    const count = others.length === 1 ? 'One more problem:' : `${others.length} more problems:`
    super({ code, message, where, remedy, cause, details: [...first.details, count, ...others.flatMap(linesOf)] })
    this.problems = [first, ...others]
  }
}

/** One error for all that is wrong, so that everything can be mended in one go; undefined when nothing is. */
export function combineProblems(problems: readonly MetastoreError[]): MetastoreError | undefined {
  const [first, ...others] = problems
  return first === undefined || others.length === 0 ? first : new CombinedError(first, others)
}

/** The single problems that an error is made of: itself, unless it is a combined one. */
export function problemsOf(error: MetastoreError): readonly MetastoreError[] {
  return error instanceof CombinedError ? error.problems : [error]
}

function linesOf({ where, message, remedy, details }: MetastoreError): string[] {
  const place = where === undefined ? '' : `${where}: `
  return [`${place}${message}`, ...[...details, remedy].map((line) => `  ${line}`)]
}
