import type { Place } from '../problems.ts'
import { relationKey, type CarryOverInput } from './carry-over.ts'
import type { Draft, DraftTable } from './draft.ts'

/** What has to be carried over to the new columns of a table; undefined when none of its columns gets another one. */
export function carryInput(draft: Draft, table: DraftTable): CarryOverInput | undefined {
  const { original } = table
  if (original === null) return undefined
  const replaced = replacedColumns(table)
  if (replaced.size === 0) return undefined
  return {
    // The old version's views go with their schema.
    catalog: { ...draft.catalog, views: draft.catalog.views.filter(({ schema }) => schema !== draft.oldSchema) },
    table: original,
    replaced,
    columnRenames: new Map(
      table.columns.flatMap(({ original: before, physical, name }) =>
        before !== null && before.name === physical && name !== physical ? [[physical, name] as const] : [],
      ),
    ),
    base: draft.base,
    target: draft.target,
    serverMajor: draft.input.serverMajor,
    parser: draft.input.parser,
    removedConstraints: removedConstraints(table),
    removedIndexes: new Set(table.indexes.filter(({ removed }) => removed).map(({ name }) => name)),
    migration: draft.rules.find((rule) => rule.kind === 'compute' && rule.table === table.physical)?.origin.migration,
    typeSwaps: new Map(
      draft.enums
        .filter(({ name, physical, created }) => !created && name !== physical)
        .map(({ name, physical }) => [
          relationKey({ schema: draft.base, name }),
          { schema: draft.base, name: physical },
        ]),
    ),
    otherTable: ({ schema, name }) => {
      const other = [...draft.tables, ...draft.removed].find(({ physical }) => physical === name)
      if (schema !== draft.base || other === undefined) return undefined
      return {
        replaced: replacedColumns(other),
        removedConstraints: removedConstraints(other),
        removed: draft.removed.includes(other),
      }
    },
  }
}

function replacedColumns(table: DraftTable): CarryOverInput['replaced'] {
  return new Map(
    table.columns.flatMap(({ original, physical, name, type, nullable, default: value }) => {
      if (original === null || original.name === physical) return []
      const changed = value !== original.default && { default: value }
      return [[original.name, { physical, finalName: name, type, nullable, ...changed }] as const]
    }),
  )
}

function removedConstraints(table: DraftTable): ReadonlySet<string> {
  return new Set(table.constraints.filter(({ removed }) => removed).map(({ name }) => name))
}

/** Where in the files something is wrong with what is carried over: at the action that first alters the table. */
export function placeOfAlteration(draft: Draft, table: DraftTable): Place {
  const rule = draft.rules.find((candidate) => candidate.kind === 'compute' && candidate.table === table.physical)
  const migration = draft.input.migrations.find(({ name }) => name === rule?.origin.migration)
  const part = (migration ?? draft.input.migrations[0])?.part
  return {
    path: part?.path,
    source: part?.source ?? '',
    offset: part?.locate(['actions', rule?.origin.action ?? 0]) ?? 0,
  }
}
