export type * from './constraint.ts'
export { type Catalog, emptyCatalog } from './database-catalog.ts'
export { introspect, type IntrospectOptions } from './introspect.ts'
export {
  findColumn,
  findConstraint,
  findTable,
  findView,
  foreignKeys,
  foreignKeysTo,
  indexOn,
  primaryKey,
} from './lookup.ts'
export { displayName, type Grant, objectKey, type ObjectKind, type ObjectName, type Settings } from './object.ts'
export { type CatalogObject, objects, type ObjectValues } from './objects.ts'
export { summarize } from './outline.ts'
export type * from './relation.ts'
export type * from './schema-object.ts'
