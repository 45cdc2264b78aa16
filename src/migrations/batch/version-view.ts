import type { Grant } from '../../catalog/catalog.ts'

/** One table as a version of the application sees it. */
export interface VersionView {
  readonly name: string
  /** The table in the base schema that it shows. */
  readonly table: string
  /** In the order in which the application sees them. */
  readonly columns: readonly VersionViewColumn[]
  readonly comment: string | null
  /** As on the table. */
  readonly grants: readonly Grant[]
}

/** One column of such a view. */
export interface VersionViewColumn {
  readonly name: string
  readonly physical: string
  /** A default that only this version has; undefined when the table's own holds. */
  readonly default?: string | undefined
  readonly comment: string | null
  /** As on the column that it stands for. */
  readonly grants: readonly Grant[]
}

/** A version schema as it should be: one view per table. */
export interface VersionSchema {
  /** `migration_<name>`. */
  readonly name: string
  readonly base: string
  readonly views: readonly VersionView[]
  /** Of the base schema, so that who may use that may use this. */
  readonly grants: readonly Grant[]
}
