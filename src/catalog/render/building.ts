import type { FoldedDifference } from '../diff.ts'
import type { Making } from './making.ts'
import type { Graph, Plan } from './plan.ts'

/** What a plan needs to become statements. */
export interface Building {
  readonly making: Making
  readonly plan: Plan
  readonly expected: Graph
  readonly actual: Graph
  readonly differences: ReadonlyMap<string, FoldedDifference>
}
