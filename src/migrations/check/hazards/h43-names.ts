import { displayName } from '../../../catalog/catalog.ts'
import { tokensOf } from '../../sql/scanner.ts'
import type { Hazard, Report } from '../hazard.ts'
import type { Scene } from '../scene.ts'
import type { SeenStatement } from '../seen-statement.ts'
import { refOf, refOfNames, shown } from '../tree.ts'

/**
 * Names that are cut off, given twice, or leave open in which schema. SQL that does not parse has the code sql_syntax. The
 * engine sets the search path, so a name without a schema is only told where the file changes the path itself.
 */
export const names: Hazard = {
  id: 'H43',
  code: 'ambiguous_name',
  title: 'a name over 63 bytes, given twice, or without a schema where it matters',
  severity: 'P1',
  why: 'PostgreSQL cuts names off after 63 bytes without a word, so two of them can become one; and a name without a schema is looked for wherever the search path leads.',
  remedy: 'Shorten the name, give each thing its own, and name the schema.',
  silence: 'For names without a schema, unless the file sets search_path.',
  needs: ['S'],
  detect: (statement, scene) => [...longNames(statement), ...twice(statement, scene), ...unqualified(statement, scene)],
}

// In the tree every name is cut off already.
function longNames({ text }: SeenStatement): Report[] {
  const names = Array.from(tokensOf(text, { start: 0, end: text.length }, 'postgres')).flatMap(
    ({ kind, start, end }) => {
      const written = text.slice(start, end)
      return kind === 'word' ? [written] : kind === 'name' ? [written.slice(1, -1).replaceAll('""', '"')] : []
    },
  )
  return [...new Set(names)]
    .filter((name) => Buffer.byteLength(name) > 63)
    .map((name) => ({
      object: name,
      message: `The name ${name} has ${Buffer.byteLength(name)} bytes, and 63 are kept.`,
      remedy: 'Shorten the name.',
    }))
}

function twice(statement: SeenStatement, { statements }: Scene): Report[] {
  const { node } = statement
  if ('CreateStmt' in node) {
    const columns = (node.CreateStmt.tableElts ?? []).flatMap((item) =>
      'ColumnDef' in item ? [item.ColumnDef.colname ?? ''] : [],
    )
    const again = columns.find((name, index) => columns.indexOf(name) < index)
    if (again !== undefined) {
      return [
        {
          object: again,
          severity: 'P0',
          message: `${shown(refOf(node.CreateStmt.relation))} gets two columns called ${displayName(again)}.`,
          remedy: 'Remove one of the two.',
        },
      ]
    }
  }
  const name = madeName(node)
  if (name === undefined) return []
  const before = statements.slice(0, statements.indexOf(statement))
  const last = before.findLast((other) => madeName(other.node) === name || drops(other, name))
  if (last === undefined || drops(last, name)) return []
  return [
    {
      object: name,
      severity: 'P0',
      message: `${name} is created twice in this file.`,
      remedy: 'Remove one of the two.',
    },
  ]
}

function madeName(node: SeenStatement['node']): string | undefined {
  if ('CreateStmt' in node && !node.CreateStmt.if_not_exists) return shown(refOf(node.CreateStmt.relation))
  if ('IndexStmt' in node && !node.IndexStmt.if_not_exists && node.IndexStmt.idxname !== undefined) {
    return shown({ schema: refOf(node.IndexStmt.relation).schema, name: node.IndexStmt.idxname })
  }
  return undefined
}

function drops({ node }: SeenStatement, name: string): boolean {
  if ('RenameStmt' in node) return shown(refOf(node.RenameStmt.relation)) === name
  if (!('DropStmt' in node)) return false
  return (node.DropStmt.objects ?? []).some(
    (object) => 'List' in object && shown(refOfNames(object.List.items)) === name,
  )
}

function unqualified(statement: SeenStatement, { statements }: Scene): Report[] {
  const { node } = statement
  const relation =
    'CreateStmt' in node
      ? node.CreateStmt.relation
      : 'AlterTableStmt' in node
        ? node.AlterTableStmt.relation
        : undefined
  if (relation === undefined || relation.schemaname !== undefined || relation.relpersistence === 't') return []
  const before = statements.slice(0, statements.indexOf(statement))
  if (!before.some((other) => 'VariableSetStmt' in other.node && other.node.VariableSetStmt.name === 'search_path'))
    return []
  const table = shown(refOf(relation))
  return [
    {
      object: table,
      severity: 'P2',
      message: `Which ${table} is meant depends on the search path that this file sets.`,
      remedy: 'Name the schema.',
    },
  ]
}
