import type { Catalog } from '../../catalog/catalog.ts'
import type { Severity } from '../../finding.ts'
import type { LiveFacts } from './live-facts.ts'

/** A fact about a database that sooner or later hurts. */
export interface HealthProblem {
  /** The identity of the object, as `index public.runs.runs_state`. */
  readonly objectKey: string
  readonly message: string
  readonly remedy: string
  /** Plain SQL that shows it. */
  readonly query: string
  /** SQL that mends it without touching rows; empty when somebody has to decide. */
  readonly repair: readonly string[]
  /** When it differs from the rule's. */
  readonly severity?: Severity
}

/** What a project says of its database that the database itself does not know. */
export interface HealthSettings {
  /** The column that says whose a row is; null where there are no tenants. */
  readonly tenantColumn: string | null
}

/** One thing that is looked at. It reads values and asks no database. */
export interface HealthRule {
  /** Stable, in snake_case. */
  readonly code: string
  readonly severity: Severity
  /** Why it matters, as a sentence for the manual. */
  readonly why: string
  find(catalog: Catalog, facts: LiveFacts, settings: HealthSettings): readonly HealthProblem[]
}
