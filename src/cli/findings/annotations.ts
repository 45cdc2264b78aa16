import type { Finding, Severity } from '../../finding.ts'
import { ruleOf, type Checked } from './checked.ts'

const levels: Readonly<Record<Severity, string>> = { P0: 'error', P1: 'warning', P2: 'notice' }

/**
 * Workflow commands that GitHub shows as annotations at file and line. Their data and properties escape what would end them
 * (GitHub documentation, "Workflow commands for GitHub Actions").
 */
export function renderAnnotations(checked: readonly Checked[]): string {
  return checked.flatMap(({ findings }) => findings.map(annotation)).join('\n')
}

function annotation(finding: Finding): string {
  const { severity, file, line, column, message, remedy } = finding
  const properties = Object.entries({ file, line, col: column, title: `${severity} ${ruleOf(finding)}` })
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${escapeProperty(String(value))}`)
  return `::${levels[severity]} ${properties.join(',')}::${escapeData(`${message}\n${remedy}`)}`
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C')
}
