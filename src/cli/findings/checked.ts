import path from 'node:path'
import type { Finding } from '../../finding.ts'

/** What a look at the migrations of one database found. */
export interface Checked {
  readonly database: string
  /** How many migrations were looked at. */
  readonly files: number
  readonly findings: readonly Finding[]
}

/** Findings with their files as a forge knows them: relative to where the command runs, which is the repository there. */
export function relativeTo(directory: string, project: string, findings: readonly Finding[]): Finding[] {
  return findings.map((finding) => {
    if (finding.file === undefined) return finding
    const file = path.relative(directory, path.resolve(project, finding.file))
    return { ...finding, file: file.split(path.sep).join('/') }
  })
}

/** The name under which a finding can be looked up and allowed. */
export function ruleOf({ hazard, code }: Finding): string {
  return hazard === undefined ? code : `${hazard} ${code}`
}
