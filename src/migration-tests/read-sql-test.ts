import { basename } from 'node:path'
import { MetastoreError } from '../errors.ts'
import { resolveName, type MigrationFile } from '../migrations/migrations.ts'
import { problemAt, scanSql, splitStatements, type Place } from '../migrations/test-sources.ts'
import { nearest } from '../nearest.ts'
import type { Expectation, SqlTest, TestItem } from './migration-test.ts'

interface Directive {
  readonly word: string
  readonly value: string
  readonly offset: number
}

const words = ['test', 'at', 'before', 'migrate', 'rollback', 'expect']

/** Reads a test in SQL. Throws `sql_syntax`, `migration_unknown`, `test_invalid`. */
export async function readSqlTest(
  { path, source }: { readonly path: string; readonly source: string },
  files: readonly MigrationFile[],
): Promise<SqlTest> {
  const place: Place = { path, source, offset: 0 }
  const statements = await splitStatements(source, 'postgres', place)
  const directives = scanSql(source, 'postgres')
    .comments.filter(({ start }) => !statements.some(({ offset, end }) => start >= offset && start < end))
    .flatMap(({ start, end }) => directiveOf(source.slice(start, end), start, place))
  const [state, ...others] = directives.filter(({ word }) => word === 'at' || word === 'before')
  if (others[0] !== undefined) throw invalid(place, others[0].offset, 'A test begins in one state only.')
  const { begins, subject } = stateOf(state, files, place)
  const items: TestItem[] = []
  let expected: (Expectation & { readonly offset: number }) | undefined
  const all = [...directives, ...statements].sort((one, other) => one.offset - other.offset)
  for (const each of all) {
    if ('text' in each) {
      items.push({ kind: 'statement', text: each.text, offset: each.offset, expected: expected ?? null })
      expected = undefined
    } else if (each.word === 'expect') expected = { ...expectationOf(each, place), offset: each.offset }
    else if (each.word === 'rollback') items.push({ kind: 'rollback', offset: each.offset })
    else if (each.word === 'migrate') items.push(migrateTo(each, { subject, files, place }))
  }
  if (expected !== undefined) throw invalid(place, expected.offset, 'Nothing follows of which this is expected.')
  if (!items.some(({ kind }) => kind === 'statement')) throw invalid(place, 0, 'The test has no statement.')
  const title = directives.find(({ word }) => word === 'test')?.value ?? basename(path, '.sql')
  return { kind: 'sql', title, path, source, begins, subject, items }
}

/** Where a test begins, by its own words; after all migrations where it says nothing. */
export function beginningOf(
  state: { readonly at?: string | undefined; readonly before?: string | undefined },
  files: readonly MigrationFile[],
): { begins: number; subject: string | null } {
  const names = files.map(({ name }) => name)
  if (state.before !== undefined) {
    const subject = resolveName(state.before, names)
    return { begins: names.indexOf(subject), subject }
  }
  if (state.at === undefined) return { begins: files.length, subject: null }
  return { begins: state.at === 'base' ? 0 : names.indexOf(resolveName(state.at, names)) + 1, subject: null }
}

// `-- expect: 3 rows`. What only looks like one, as `-- Expect: trouble`, is a comment like any other.
function directiveOf(comment: string, offset: number, place: Place): Directive[] {
  const [, word = '', colon, value = ''] = /^--\s*([a-z]+)\s*(:)?(?:\s+(\S.*?))?\s*$/.exec(comment) ?? []
  if (words.includes(word) && (colon !== undefined || (value === '' && (word === 'migrate' || word === 'rollback')))) {
    return [{ word, value, offset }]
  }
  const meant = colon === undefined || value.includes(' ') ? undefined : nearest(word, words)
  if (meant === undefined) return []
  throw invalid(place, offset, `A test does not know "${word}:". Did you mean "${meant}:"?`)
}

function stateOf(state: Directive | undefined, files: readonly MigrationFile[], place: Place) {
  if (state === undefined) return beginningOf({}, files)
  try {
    return beginningOf({ [state.word]: state.value }, files)
  } catch (error) {
    if (error instanceof MetastoreError) throw invalid(place, state.offset, error.message)
    throw error
  }
}

function migrateTo(
  { value, offset }: Directive,
  { subject, files, place }: { subject: string | null; files: readonly MigrationFile[]; place: Place },
): TestItem {
  if (value === '' && subject === null) {
    throw invalid(place, offset, 'What to migrate to is not said: the test has neither "-- before:" nor a name here.')
  }
  if (value === '') return { kind: 'migrate', to: subject, offset }
  try {
    return {
      kind: 'migrate',
      to: resolveName(
        value,
        files.map(({ name }) => name),
      ),
      offset,
    }
  } catch (error) {
    if (error instanceof MetastoreError) throw invalid(place, offset, error.message)
    throw error
  }
}

function expectationOf({ value, offset }: Directive, place: Place): Expectation {
  const [, code] = /^error ([0-9A-Z]{5})$/.exec(value) ?? []
  if (code !== undefined) return { kind: 'error', code }
  const [, count] = /^(\d{1,9}|no) rows?$/.exec(value) ?? []
  if (count !== undefined) return { kind: 'rows', count: count === 'no' ? 0 : Number(count) }
  throw invalid(place, offset, `What is expected is not understood: ${JSON.stringify(value)}.`)
}

function invalid(place: Place, offset: number, message: string): MetastoreError {
  return problemAt(place, offset, {
    code: 'test_invalid',
    message,
    remedy:
      'A test knows -- test: TITLE, -- at: MIGRATION, -- before: MIGRATION, -- migrate, -- migrate: MIGRATION, -- rollback, -- expect: error SQLSTATE and -- expect: N rows.',
  })
}
