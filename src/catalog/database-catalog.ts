import type { Dialect } from '../database/sql.ts'
import type { Table, View } from './relation.ts'
import type {
  Collation,
  DefaultPrivileges,
  EventTrigger,
  Extension,
  Publication,
  Routine,
  Schema,
  Sequence,
  Statistics,
  UserType,
} from './schema-object.ts'

/**
 * The schema of a database as plain data: what `introspect` finds, and what a project should have. It can be written as
 * JSON and read back, and equal schemas are equal catalogs: lists without an order of their own are sorted by code point,
 * and there is nothing in it that differs from one database to the next, such as object identifiers.
 * Objects of extensions, of the system and of sessions (temporary ones) are not in it.
 */
export interface Catalog {
  readonly dialect: Dialect
  readonly schemas: readonly Schema[]
  readonly extensions: readonly Extension[]
  readonly collations: readonly Collation[]
  readonly types: readonly UserType[]
  readonly sequences: readonly Sequence[]
  readonly tables: readonly Table[]
  readonly views: readonly View[]
  readonly routines: readonly Routine[]
  readonly statistics: readonly Statistics[]
  readonly eventTriggers: readonly EventTrigger[]
  readonly publications: readonly Publication[]
  readonly defaultPrivileges: readonly DefaultPrivileges[]
}

/** The catalog of a database with nothing in it. */
export function emptyCatalog(dialect: Dialect): Catalog {
  return {
    dialect,
    schemas: [],
    extensions: [],
    collations: [],
    types: [],
    sequences: [],
    tables: [],
    views: [],
    routines: [],
    statistics: [],
    eventTriggers: [],
    publications: [],
    defaultPrivileges: [],
  }
}
