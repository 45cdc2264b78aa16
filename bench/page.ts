import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/** The parts of the page that a benchmark can write, each between marks of its own. */
export type Section = 'processes' | 'live' | 'backfill' | 'backfill-load' | 'catalog' | 'audit' | 'protocol' | 'store'

const page = path.join(path.dirname(fileURLToPath(import.meta.url)), '..', 'docs', 'benchmarks.md')
const end = '<!-- end of figures -->'

/** How a benchmark's figures are given out. */
export interface Publication {
  readonly json: boolean
  readonly write: boolean
}

/** Prints figures as tables or as JSON, and puts the tables into docs/benchmarks.md where that is asked for. */
export function publish(section: Section, figures: object, tables: string, { json, write }: Publication): void {
  if (write) writeFileSync(page, withFigures(readFileSync(page, 'utf8'), section, tables))
  process.stdout.write(json ? `${JSON.stringify(figures, null, 2)}\n` : `${tables}\n`)
}

/** The page with other tables between the marks of a section. */
export function withFigures(text: string, section: Section, tables: string): string {
  const begin = `<!-- figures: ${section} -->`
  const from = text.indexOf(begin)
  const to = text.indexOf(end, from)
  if (from === -1 || to === -1) throw new Error(`The page has no ${begin} and ${end} after it.`)
  return `${text.slice(0, from + begin.length)}\n\n${tables}\n\n${text.slice(to)}`
}
