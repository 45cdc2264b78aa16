import type { Finding, Severity } from '../../finding.ts'
import type { Load } from './cost.ts'
import type { Scene } from './scene.ts'
import type { SeenStatement } from './seen-statement.ts'

/** How a hazard is known: from the SQL alone, from the catalog as well, from statistics of a live database as well. */
export type Need = 'S' | 'C' | 'L'

/** What a rule says of a statement. */
export interface Report extends Pick<Finding, 'message' | 'object' | 'fix' | 'asAction'> {
  /** Where in the file; the statement unless said. */
  readonly offset?: number | undefined
  /** Instead of the rule's own. */
  readonly remedy?: string | undefined
  readonly severity?: Severity | undefined
  /** What it costs, by which it is graded where statistics are given. */
  readonly load?: Load | undefined
}

/** One rule about SQL that hurts a database in use: one file, one line in the list of hazards.ts. */
export interface Hazard {
  /** Its number in the manual, `H01`. */
  readonly id: string
  /** Stable, in snake_case. */
  readonly code: string
  /** What it is, as a phrase. */
  readonly title: string
  /** Where nothing is known of the database. */
  readonly severity: Severity
  /** Why it hurts, in sentences. */
  readonly why: string
  /** What to do instead, in sentences. */
  readonly remedy: string
  /** When it stays silent by itself, in sentences. */
  readonly silence: string
  readonly needs: readonly Need[]
  readonly detect: (statement: SeenStatement, scene: Scene) => readonly Report[]
}
