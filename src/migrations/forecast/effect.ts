import type { Work } from '../check/cost.ts'
import type { Scene } from '../check/scene.ts'
import type { ObjectRef } from '../check/tree.ts'
import type { TableLockMode } from './lock-mode.ts'

/** What one statement does to one table: the lock it takes, and the work it makes of the table's rows. */
export interface Effect {
  readonly table: ObjectRef
  readonly mode: TableLockMode
  /** Undefined where only the catalog changes, or nothing but single rows. */
  readonly work?: Work | undefined
  /** True where the work depends on what nobody can see beforehand, such as the rows that a condition finds. */
  readonly atMost?: boolean
  /** Whether the partitions of the table are left alone; otherwise they are locked with it. */
  readonly alone?: boolean
}

/** What is there before a statement, on a server of this major version. */
export interface ForecastScene extends Scene {
  readonly serverMajor: number
}

/** What a statement does, or why that cannot be told. */
export type Effects = { readonly effects: readonly Effect[] } | { readonly unknown: string }

/** A statement that takes these locks and does this work. */
export function known(...effects: readonly Effect[]): Effects {
  return { effects }
}

/** A statement of which nothing can be told beforehand. */
export function unknown(why: string): Effects {
  return { unknown: why }
}
