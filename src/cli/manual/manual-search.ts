import { listPages, readPage } from './manual.ts'

/** A section of a page that has what was looked for. */
export interface Hit {
  readonly page: string
  /** The heading of the section. */
  readonly heading: string
  /** The line of that heading, from 1. */
  readonly line: number
  /** The first line of the section with one of the words. */
  readonly excerpt: string
}

interface Section {
  readonly page: string
  readonly heading: string
  readonly line: number
  readonly lines: readonly string[]
}

const mostHits = 20

/** The sections in which every one of the words occurs, the best first: what has them in its heading, then what has them most. */
export async function searchManual(query: string): Promise<Hit[]> {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean)
  const pages = await Promise.all((await listPages()).map(async (page) => sectionsOf(page, await readPage(page))))
  return pages
    .flat()
    .map((section) => ({ section, score: scoreOf(section, words) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, mostHits)
    .map(({ section }) => hitOf(section, words))
}

function sectionsOf(page: string, text: string): Section[] {
  const lines = text.split('\n')
  const starts: number[] = []
  let inCode = false
  for (const [index, line] of lines.entries()) {
    if (/^ *```/.test(line)) inCode = !inCode
    // A comment in a block of shell looks like a heading.
    else if (!inCode && /^#+ /.test(line)) starts.push(index)
  }
  return starts.map((start, index) => ({
    page,
    heading: (lines[start] ?? '').replace(/^#+ /, ''),
    line: start + 1,
    lines: lines.slice(start + 1, starts[index + 1]),
  }))
}

function scoreOf({ heading, lines }: Section, words: readonly string[]): number {
  const [head, body] = [heading.toLowerCase(), lines.join('\n').toLowerCase()]
  const each = words.map((word) => (head.includes(word) ? 20 : 0) + Math.min(10, body.split(word).length - 1))
  return each.some((score) => score === 0) ? 0 : each.reduce((sum, score) => sum + score, 0)
}

function hitOf({ page, heading, line, lines }: Section, words: readonly string[]): Hit {
  const said = lines.filter((text) => text.trim() !== '' && !text.startsWith('```'))
  const found = said.find((text) => words.some((word) => text.toLowerCase().includes(word))) ?? said[0] ?? ''
  return { page, heading, line, excerpt: found.trim().slice(0, 200) }
}
