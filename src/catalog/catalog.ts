export type * from './constraint.ts'
export { type Catalog, emptyCatalog } from './database-catalog.ts'
export { describeDifference } from './describe-difference.ts'
export { type Change, compareObject, diffCatalogs, type Difference, type DiffOptions } from './diff.ts'
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
export { withoutNotNullConstraints } from './not-null.ts'
export { asServerTells } from './older-server.ts'
export { displayName, type Grant, objectKey, type ObjectKind, type ObjectName, type Settings } from './object.ts'
export { type CatalogObject, type ObjectIdentity, objects, type ObjectValues } from './objects.ts'
export { summarize } from './outline.ts'
export type * from './relation.ts'
export { policiesAreOpen, seeEveryRow } from './row-security.ts'
export {
  renderCatalog,
  type RenderedDifferences,
  type RenderedStatement,
  renderDifferences,
  type Unrendered,
} from './render.ts'
export type * from './schema-object.ts'
export { verificationQuery } from './verification.ts'
export { columnDefinition, type ColumnParts, inParentheses } from './render/column-definition.ts'
export { settingList } from './render/settings.ts'
export { roleName } from './render/targets.ts'
