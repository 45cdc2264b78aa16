import type { Finding, Severity } from '../../finding.ts'
import { toolVersion } from '../../version.ts'
import type { Checked } from './checked.ts'

const levels: Readonly<Record<Severity, string>> = { P0: 'error', P1: 'warning', P2: 'note' }

/** The findings as SARIF 2.1.0 (OASIS standard), which code scanning reads. Titles of hazards are by their codes. */
export function renderSarif(checked: readonly Checked[], titles: ReadonlyMap<string, string>): string {
  const findings = checked.flatMap((each) => each.findings)
  const rules = [...new Set(findings.map(({ code }) => code))].map((code) => {
    const hazard = findings.find((finding) => finding.code === code)?.hazard
    return {
      id: code,
      ...(hazard !== undefined && { properties: { hazard } }),
      shortDescription: { text: titles.get(code) ?? code.replaceAll('_', ' ') },
    }
  })
  return JSON.stringify(
    {
      $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { name: 'metastore', version: toolVersion, rules } },
          // Columns count as editors do.
          columnKind: 'utf16CodeUnits',
          results: findings.map((finding) => resultOf(finding)),
        },
      ],
    },
    null,
    2,
  )
}

function resultOf({ code, severity, file, line, column, message, remedy }: Finding) {
  return {
    ruleId: code,
    level: levels[severity],
    message: { text: `${message} ${remedy}` },
    ...(file !== undefined && {
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: file.split('/').map(encodeURIComponent).join('/') },
            ...(line !== undefined && {
              region: { startLine: line, ...(column !== undefined && { startColumn: column }) },
            }),
          },
        },
      ],
    }),
  }
}
