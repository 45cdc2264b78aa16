import type { CatalogPatch } from './catalog-patch.ts'

/** A file that was applied, in the order of the replay. */
export interface Application {
  readonly name: string
  /** How many files of the project had their turn when it was, itself included. */
  readonly position: number
  /** What it made of the catalog. */
  readonly patch: CatalogPatch
}
