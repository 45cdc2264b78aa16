import { readFileSync, writeFileSync } from 'node:fs'

const begin = '<!-- figures -->'
const end = '<!-- end of figures -->'

/** Puts the tables into a page, between the two marks that it has for them. */
export function writeFigures(file: string, tables: string): void {
  writeFileSync(file, withFigures(readFileSync(file, 'utf8'), tables))
}

/** The page with other tables between its marks. */
export function withFigures(page: string, tables: string): string {
  const from = page.indexOf(begin)
  const to = page.indexOf(end)
  if (from === -1 || to < from) throw new Error(`The page has no ${begin} and ${end} after it.`)
  return `${page.slice(0, from + begin.length)}\n\n${tables}\n\n${page.slice(to)}`
}
