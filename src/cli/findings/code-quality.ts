import { createHash } from 'node:crypto'
import type { Severity } from '../../finding.ts'
import { ruleOf, type Checked } from './checked.ts'

const severities: Readonly<Record<Severity, string>> = { P0: 'blocker', P1: 'major', P2: 'minor' }

/** A report for GitLab's code quality widget (GitLab documentation, "Code Quality report format"). */
export function renderCodeQuality(checked: readonly Checked[]): string {
  const seen = new Map<string, number>()
  const issues = checked.flatMap(({ findings }) =>
    findings.map((finding) => {
      const { file, line, message, remedy, severity } = finding
      // Without its line, so that a finding that has only moved is known again; a second one alike gets a number.
      const text = [ruleOf(finding), file, message].join('\0')
      const times = (seen.get(text) ?? 0) + 1
      seen.set(text, times)
      return {
        description: `${message} ${remedy}`,
        check_name: ruleOf(finding),
        fingerprint: createHash('sha256').update(`${text}\0${times}`).digest('hex'),
        severity: severities[severity],
        location: { path: file ?? 'metastore.toml', lines: { begin: line ?? 1 } },
      }
    }),
  )
  return JSON.stringify(issues, null, 2)
}
