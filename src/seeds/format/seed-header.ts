import { placeOf } from '../problem.ts'
import { report, type Reading } from './read-cell.ts'
import type { Expectation, SeedDocument } from './seed-document.ts'

interface HeaderLine {
  readonly value: string
  readonly at: number
}

/** The settings on top of an SQL or a CSV seed. */
interface Header {
  readonly settings: ReadonlyMap<string, HeaderLine>
  readonly expect: readonly HeaderLine[]
  readonly lines: number
}

const headerLine = /^(?:--|#)[ \t]*(environments?|expect|table|key|mode|null)[ \t]*:[ \t]*(.*?)[ \t]*$/i

/** Reads the comments on top of a file. */
export function headerOf({ source, problems }: Reading, mark: '--' | '#'): Header {
  const settings = new Map<string, HeaderLine>()
  const expect: HeaderLine[] = []
  let at = 0
  let lines = 0
  for (const line of source.text.split('\n')) {
    if (!line.startsWith(mark) && (mark === '#' || line.trim() !== '')) break
    // Spreadsheets give every line as many commas as the longest has.
    const [, name = '', value = ''] = headerLine.exec(line.replace(mark === '#' ? /,*\r?$/ : /\r$/, '')) ?? []
    const setting = name.toLowerCase()
    const place = placeOf(source, at)
    if (setting === 'expect') expect.push({ value, at })
    else if (setting === 'environment') {
      problems.add(place, 'There is no setting environment here.', `Did you mean ${mark} environments: ${value}?`)
    } else if (settings.has(setting)) {
      problems.add(place, `The setting ${setting} is given twice.`, 'Write it once.')
    } else if (setting !== '') settings.set(setting, { value, at })
    at += line.length + 1
    lines += 1
  }
  return { settings, expect, lines }
}

/** The names of a list with commas. */
export function names(value: string): string[] {
  return value
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

/** What both kinds of files may say on top. */
export function readHeader(
  reading: Reading,
  mark: '--' | '#',
  { settings, expect } = headerOf(reading, mark),
): Pick<SeedDocument, 'environments' | 'expectations'> {
  const environments = settings.get('environments')
  return {
    environments: environments === undefined ? null : names(environments.value),
    expectations: expect.flatMap(({ value, at }): Expectation[] => {
      const [, table, count] = /^(\S+)\s+(\d+)$/.exec(value) ?? []
      if (table !== undefined) {
        return [{ at, name: table, check: { kind: 'count', table, where: null, count: Number(count) } }]
      }
      report(reading, at, 'This is no expectation.', `Write ${mark} expect: TABLE COUNT.`)
      return []
    }),
  }
}
