import type { Catalog } from '../catalog/catalog.ts'
import type { Action } from '../migrations/migrations.ts'
import type { Rename } from './renames.ts'

/** An action, and what its author should look at before it runs. */
export interface RenderedAction {
  readonly action: Action
  readonly advice?: string | undefined
}

/** What is to be rendered: the state before, in which the renames are made already, and the one that is wanted. */
export interface ActionInput {
  readonly wanted: Catalog
  readonly current: Catalog
  readonly renames: readonly Rename[]
  readonly base: string
}
