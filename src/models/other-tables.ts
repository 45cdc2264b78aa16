import { findTable, findView, type Catalog, type ObjectName } from '../catalog/catalog.ts'
import { MetastoreError } from '../errors.ts'
import { nearest } from '../nearest.ts'

/** Whether a table or view is of those that the models say nothing of, whatever they hold of its name. */
export type IsOther = (object: ObjectName) => boolean

/**
 * The tables and views that there are besides those that the models are for. What models have and nothing has made yet is theirs,
 * named or not. Without names everything is. Throws `configuration_invalid` for a name of nothing.
 */
export function othersThan(
  names: readonly string[],
  catalogs: { readonly made: Catalog; readonly before: Catalog },
  base: string,
): IsOther {
  if (names.length === 0) return () => false
  const { made, before } = catalogs
  const own = names.map((name) => objectName(name, base))
  for (const name of own) if (!has(made, name) && !has(before, name)) throw nothing(name, catalogs, base)
  return (object) => !own.some((name) => isSame(name, object)) && has(before, object)
}

/** The desired catalog of models that are for some tables: of the others it has what there is. Pure. */
export function withOthers(desired: Catalog, current: Catalog, isOther: IsOther): Catalog {
  const isOthers = ({ table }: { readonly table: ObjectName }) => isOther(table)
  const taken = <One>(wanted: readonly One[], there: readonly One[], belongs: (one: One) => boolean) => [
    ...wanted.filter((one) => !belongs(one)),
    ...there.filter(belongs),
  ]
  return {
    ...desired,
    tables: taken(desired.tables, current.tables, isOther),
    views: taken(desired.views, current.views, isOther),
    statistics: taken(desired.statistics, current.statistics, isOthers),
    sequences: taken(desired.sequences, current.sequences, (one) =>
      one.ownedBy === null ? !isIn(desired.sequences, one) : isOther(one.ownedBy.table),
    ),
    // Nobody knows whose an enum is that no model names.
    types: [...desired.types, ...current.types.filter((one) => !isIn(desired.types, one))],
  }
}

function objectName(text: string, base: string): ObjectName {
  const point = text.indexOf('.')
  return point === -1 ? { schema: base, name: text } : { schema: text.slice(0, point), name: text.slice(point + 1) }
}

function has(catalog: Catalog, name: ObjectName): boolean {
  return findTable(catalog, name) !== undefined || findView(catalog, name) !== undefined
}

function isIn(objects: readonly ObjectName[], object: ObjectName): boolean {
  return objects.some((one) => isSame(one, object))
}

function isSame(one: ObjectName, other: ObjectName): boolean {
  return one.schema === other.schema && one.name === other.name
}

function nothing(
  name: ObjectName,
  { made, before }: { readonly made: Catalog; readonly before: Catalog },
  base: string,
): MetastoreError {
  const shown = (object: ObjectName) => (object.schema === base ? object.name : `${object.schema}.${object.name}`)
  const known = [made, before].flatMap(({ tables, views }) => [...tables, ...views].map(shown))
  const meant = nearest(shown(name), known)
  return new MetastoreError({
    code: 'configuration_invalid',
    message: `models_tables names ${shown(name)}, which is neither in the models nor made by the migrations.`,
    where: 'models_tables',
    remedy: meant === undefined ? 'Correct the name, or take it out.' : `Did you mean ${meant}?`,
  })
}
