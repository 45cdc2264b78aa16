import { id } from '../../database/database.ts'
import { versionProblems, versionWarnings } from '../versions/version-schema.ts'
import type { PreflightPlan } from '../preflight/preflight-plan.ts'
import type { Draft, DraftColumn, DraftTable } from './draft.ts'
import type { VersionSchema } from './version-view.ts'

/** The schema that the new version uses: each table under its new name, in its new shape. */
export function versionSchemaOf(draft: Draft): VersionSchema {
  return {
    name: draft.newSchema,
    base: draft.base,
    grants: draft.catalog.schemas.find(({ name }) => name === draft.base)?.grants ?? [],
    views: draft.tables.map((table) => ({
      name: table.name,
      table: table.physical,
      comment: table.comment,
      grants: table.original?.grants ?? [],
      columns: inOrder(table.columns, draft.input.columnOrder?.[table.name]).map(
        ({ name, physical, comment, viewDefault, original }) => ({
          name,
          physical,
          comment,
          grants: original?.grants ?? [],
          ...(viewDefault !== null && { default: viewDefault }),
        }),
      ),
    })),
  }
}

// What has no place in the order comes last.
function inOrder(columns: readonly DraftColumn[], order: readonly string[] = []): readonly DraftColumn[] {
  const place = ({ name }: DraftColumn) => (order.includes(name) ? order.indexOf(name) : order.length)
  return columns.toSorted((one, other) => place(one) - place(other))
}

/** What is asked of the server before the batch starts. */
export function preflightPlan(draft: Draft): PreflightPlan {
  draft.problems.push(...versionProblems(draft.catalog, draft.base, draft.input.serverMajor))
  draft.warnings.push(...versionWarnings(draft.catalog, draft.base, draft.input.serverMajor))
  return {
    base: draft.base,
    oldSchema: draft.oldSchema,
    tables: draft.tables.map(({ name, created, columns }) => ({
      name,
      created,
      columns: columns.map((column) => ({ name: column.name, type: column.type })),
    })),
    enums: draft.enums
      .filter(({ name, physical, created }) => created || name !== physical)
      .map(({ name, physical, labels }) => ({
        name: (name === physical ? id(name) : id(draft.base, physical)).inline('postgres'),
        labels,
      })),
    bindings: draft.bindings,
    checks: [...draft.checks, ...draft.finalDataChecks.flatMap((check) => check() ?? [])],
    changed: [...draft.tables.filter((table) => isChanged(draft, table)), ...draft.removed]
      .filter(({ created }) => !created)
      .map(({ physical }) => physical),
    creates: draft.expand.length + draft.indexes.length > 0,
    written: [
      ...new Set(
        draft.rules.flatMap((rule) => (rule.direction === 'up' && rule.kind !== 'require' ? [rule.table] : [])),
      ),
    ].filter((physical) => draft.tables.some((table) => table.physical === physical && !table.created)),
  }
}

function isChanged(draft: Draft, table: DraftTable): boolean {
  return (
    table.name !== table.physical ||
    table.removedColumns.length + table.guards.length + table.atSwap.length > 0 ||
    table.columns.some(({ name, physical }) => name !== physical) ||
    table.indexes.some(({ existed, removed }) => !existed || removed) ||
    table.constraints.some(({ existed, removed }) => !existed || removed) ||
    draft.rules.some((rule) => [rule.table, 'source' in rule ? rule.source.table : ''].includes(table.physical))
  )
}
