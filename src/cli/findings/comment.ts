import type { Finding } from '../../finding.ts'
import { codeBlock, escapeMarkdown as escape } from '../ui/markdown.ts'
import { count } from '../ui/tables.ts'
import { ruleOf, type Checked } from './checked.ts'

/** The findings as a comment in Markdown on a change: a table for each database, and the rewrites that are offered. */
export function renderComment(checked: readonly Checked[]): string {
  return checked.flatMap((each) => databaseLines(each)).join('\n')
}

function databaseLines({ database, files, findings }: Checked): string[] {
  const numbers = (['P0', 'P1', 'P2'] as const).flatMap((severity) => {
    const number = findings.filter((finding) => finding.severity === severity).length
    return number === 0 ? [] : [`${number} ${severity}`]
  })
  const summary = `${count(files, 'migration')} checked, ${numbers.length === 0 ? 'nothing found' : numbers.join(', ')}.`
  const table =
    findings.length === 0
      ? []
      : ['', '| | where | what | what to do |', '| --- | --- | --- | --- |', ...findings.map(row)]
  return [`### ${escape(database)}`, '', summary, ...table, ...findings.flatMap(rewrite), '']
}

function row(finding: Finding): string {
  const { severity, file, line, message, remedy } = finding
  const where = [file, line].filter((part) => part !== undefined).join(':')
  return `| ${severity} | ${where === '' ? '' : `\`${where}\``} | ${escape(message)} (${escape(ruleOf(finding))}) | ${escape(remedy)} |`
}

function rewrite({ file, asAction }: Finding): string[] {
  if (asAction === undefined) return []
  const title = `${file === undefined ? '' : `<code>${escape(file)}</code> `}without the hazard, as an action`
  return ['', `<details><summary>${title}</summary>`, '', ...codeBlock('toml', asAction), '', '</details>']
}
