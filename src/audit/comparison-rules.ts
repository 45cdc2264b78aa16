import type { Change, CatalogObject } from '../catalog/catalog.ts'

/** What is looked past when a live database is compared with what its migrations make. */
export interface ComparisonRules {
  readonly ignore: (object: CatalogObject) => boolean
  readonly ignoreChange: (object: CatalogObject, change: Change) => boolean
}

/** The rules of a comparison; `printedAlike` are views (`["schema","name"]`) that two servers only print differently. */
export function comparisonRules(printedAlike: ReadonlySet<string>): ComparisonRules {
  return {
    ignore: ({ path }) => path.some((name) => name.startsWith('__metastore_')),
    // On another database the migrating role has another name. A column that was put back stands last, and nothing moves it.
    ignoreChange: ({ kind, path }, { property, expected }) =>
      (property === 'owner' && expected === null) ||
      property === 'columns.order' ||
      (kind === 'view' && property === 'definition' && printedAlike.has(JSON.stringify(path))),
  }
}
