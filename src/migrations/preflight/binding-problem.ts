import type { DatabaseError } from '../../database/database.ts'
import type { MetastoreError } from '../../errors.ts'
import { nearest } from '../../nearest.ts'
import type { RowScope } from '../batch/row-scope.ts'
import { offsetInFile } from '../formats/actions/string-offset.ts'
import { problemAt, type Place } from '../problems.ts'
import type { Binding, PreflightPlan } from './preflight-plan.ts'

/** What the server said of a binding, at its place in the file; `start` is where the text begins in what was sent. */
export function bindingProblem(
  binding: Binding,
  error: DatabaseError,
  start: number,
  plan: PreflightPlan,
): MetastoreError {
  const { text, place, key } = binding
  const at = error.position === undefined ? undefined : error.position - start
  // Behind the text is what closes it, which the server meets when the text ends too early.
  const offset = at !== undefined && at >= 0 && at <= text.length ? at : undefined
  return problemAt(place, offset === undefined ? 0 : fileOffset(place, text, offset) - place.offset, {
    code: 'binding_failed',
    message:
      binding.kind === 'foreign_key' && error.engineCode === '42804'
        ? `The foreign key${binding.text === '' ? '' : ` ${binding.text}`} cannot be made, because the types of its columns do not fit: ${unequalTypes(binding)}.`
        : `PostgreSQL does not accept ${key}: ${error.message}`,
    remedy: remedyFor(error, binding, plan, offset === undefined ? undefined : wordAt(text, offset)),
    details: error.details,
  })
}

function unequalTypes({ rows: [own, theirs] }: Binding): string {
  const named = ({ alias, columns }: RowScope, place: number) =>
    `${alias}.${columns[place]?.name} is ${columns[place]?.type}`
  const pairs = (own?.columns ?? []).flatMap(({ type }, place) => {
    if (own === undefined || theirs === undefined) return []
    return type === theirs.columns[place]?.type ? [] : [`${named(own, place)} and ${named(theirs, place)}`]
  })
  return pairs.join(', ')
}

/** A text with `$1`, for which nothing would give a value. */
export function parameterProblem({ text, place, key }: Binding): MetastoreError {
  const offset = fileOffset(place, text, Math.max(0, text.search(/\$\d/)))
  return problemAt(place, offset - place.offset, {
    code: 'binding_failed',
    message: `PostgreSQL does not accept ${key}: there is no parameter that $1 and its like could stand for.`,
    remedy: 'Write the name of a column, or the value itself.',
  })
}

// The file holds the text as it is or as a quoted string, with escapes; where neither can be made out, its beginning.
function fileOffset({ source, offset: begin }: Place, text: string, offset: number): number {
  if (source.startsWith(text, begin)) return begin + offset
  const found = offsetInFile(source, { start: begin, end: source.length }, text, offset)
  return offset === text.length || source[found] === text[offset] ? found : begin
}

// The last part of the name at an offset, without quotes: `cots` of `runs.cots`.
function wordAt(text: string, offset: number): string | undefined {
  const [path] = namePath.exec(text.slice(offset)) ?? []
  const last = path?.match(namePart)?.at(-1)
  return last?.startsWith('"') ? last.slice(1, -1).replaceAll('""', '"') : last
}

const namePart = /"(?:[^"]|"")*"|[\p{L}_][\p{L}\p{N}_$]*/gu
const namePath = new RegExp(`^(?:${namePart.source})(?:\\s*\\.\\s*(?:${namePart.source}))*`, 'u')

function remedyFor(error: DatabaseError, binding: Binding, plan: PreflightPlan, word: string | undefined): string {
  if (binding.remedy !== undefined) return binding.remedy
  if (binding.kind === 'foreign_key') return 'Alter one to the type of the other first.'
  if (binding.kind === 'index') return 'Choose another type of index, or an expression that it can hold.'
  switch (error.engineCode) {
    case '42703':
      return columnRemedy(binding, plan, word)
    case '42P01':
      return tableRemedy(binding, plan, word)
    case '42804':
      return binding.kind === 'condition' || binding.kind === 'check' || binding.kind === 'index_condition'
        ? 'Write a condition: an expression that is true or false.'
        : `Write an expression that gives ${binding.type ?? 'one type'}, with a cast where one is needed.`
    case '42883':
      return 'Check the name and the types of what it is given; write a cast where one is needed.'
    case '22P02':
      return 'Write a value that the type knows.'
    case '42704':
      return 'Check the name, or create the type in an earlier action of the batch.'
    default:
      return 'Correct the expression.'
  }
}

function columnRemedy({ rows }: Binding, plan: PreflightPlan, word: string | undefined): string {
  const own = rows.flatMap(({ columns }) => columns.map(({ name }) => name))
  const others = plan.tables.flatMap(({ columns }) => columns.map(({ name }) => name))
  const found = word === undefined ? undefined : (nearest(word, own) ?? nearest(word, others))
  if (found !== undefined) return `Did you mean ${found}?`
  return own.length === 0 ? 'Name a column that is there.' : `The columns here are ${own.join(', ')}.`
}

function tableRemedy({ side }: Binding, plan: PreflightPlan, word: string | undefined): string {
  const names = plan.tables.map(({ name }) => name)
  const found = word === undefined ? undefined : nearest(word, names)
  return found === undefined || found === word
    ? `Name a table that the ${side} version of the application sees.`
    : `Did you mean ${found}?`
}
