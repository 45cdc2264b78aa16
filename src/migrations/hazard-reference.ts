import { rates } from './check/cost.ts'
import type { Hazard } from './check/hazard.ts'
import { hazards } from './check/hazards.ts'

export { hazardOf, hazards } from './check/hazards.ts'

const needNames = { S: 'the SQL', C: 'the schema', L: 'statistics of a live database' } as const

/** The page of one hazard, as Markdown: why it hurts, what to do, when it stays silent. */
export function hazardPage({ id, code, title, severity, why, remedy, silence, needs }: Hazard): string {
  return [
    `## ${id}: ${title}`,
    `Code \`${code}\`, ${severity} unless more is known. Known from ${needs.map((need) => needNames[need]).join(', ')}.`,
    `**Why it hurts.** ${why}`,
    `**What to do.** ${remedy}`,
    `**When it stays silent.** ${silence}`,
  ].join('\n\n')
}

/** All hazards, for docs/hazards.md: a table, then the page of each. */
export function hazardsReference(): { readonly table: string; readonly rates: string; readonly pages: string } {
  const rows = hazards.map(({ id, code, title, severity, needs }) => [
    `[${id}](#${anchorOf(id, title)})`,
    `\`${code}\``,
    severity,
    needs.join(' '),
    title,
  ])
  const speeds = Object.entries(rates).map(([work, { rows: count, bytes }]) => [
    work,
    count.toLocaleString('en-US'),
    `${bytes / 1e6} MB`,
  ])
  return {
    table: table(['id', 'code', 'severity', 'needs', 'hazard'], rows),
    rates: table(['work', 'rows a second', 'bytes a second'], speeds),
    pages: hazards.map(hazardPage).join('\n\n'),
  }
}

// As GitHub makes anchors of headings.
function anchorOf(id: string, title: string): string {
  return `${id}: ${title}`
    .toLowerCase()
    .replaceAll(/[^\w\- ]/g, '')
    .replaceAll(' ', '-')
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
