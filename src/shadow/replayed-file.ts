import type { Finding } from '../finding.ts'
import type { Priority } from '../migrations/migrations.ts'

/** What came of one file in the replay. */
export interface ReplayedFile {
  readonly name: string
  readonly path: string
  /** How much it matters, by its header; P1 where it does not say or cannot be read. */
  readonly priority: Priority
  /**
   * `applied`: it ran. `late`: it failed in its place, and ran after `after`. `failed`: it never ran. `unverified`: it needs
   * something that the throw-away database cannot have, such as an extension, so nothing can be said of it.
   */
  readonly outcome: 'applied' | 'late' | 'failed' | 'unverified'
  /** Why it failed in its place; null when it did not. */
  readonly problem: Finding | null
  /** The file that provides what this one needs; null unless `late`. */
  readonly after: string | null
  /** A file that seems to provide what this one needs, and has not run either; null unless `failed`. */
  readonly provider: string | null
}
