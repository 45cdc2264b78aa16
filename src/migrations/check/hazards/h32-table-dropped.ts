import { actionFile, tableForAction } from '../as-action.ts'
import { rounded } from '../cost.ts'
import type { Hazard } from '../hazard.ts'
import { dropped, shown } from '../tree.ts'

/** A table, schema or database that is dropped. */
export const tableDropped: Hazard = {
  id: 'H32',
  code: 'table_dropped',
  title: 'a table, schema or database dropped',
  severity: 'P1',
  why: 'Its rows are gone, and whatever still uses it fails from that moment.',
  remedy:
    'Remove it with the action remove_table, which hides it from the new version and drops it when the old one is gone; keep a backup.',
  silence: 'For a table or a schema that is new in the same file or among the pending ones.',
  needs: ['S', 'L'],
  detect({ node }, scene) {
    if ('DropdbStmt' in node) {
      const { dbname = '' } = node.DropdbStmt
      return [{ object: dbname, severity: 'P0', message: `The database ${dbname} is gone with everything in it.` }]
    }
    const schemas = dropped(node, 'OBJECT_SCHEMA')
      .filter(({ name }) => !scene.isNewObject({ schema: '', name }))
      .map((schema) => ({ object: shown(schema), message: `The schema ${shown(schema)} is dropped.` }))
    const names = dropped(node, 'OBJECT_TABLE')
    const tables = names
      .filter((table) => !scene.isNew(table))
      .map((table) => {
        const size = scene.size(table)
        const rows = size?.rows ?? (size && size.bytes > 0 ? undefined : size && 0)
        const name = tableForAction(scene, table)
        const isKnown = rows !== undefined && rows !== null
        return {
          object: shown(table),
          severity: isKnown ? (rows > 0 ? ('P0' as const) : ('P2' as const)) : undefined,
          message: isKnown
            ? `${shown(table)} is dropped; here it has ${rounded(rows)} ${rows === 1 ? 'row' : 'rows'}.`
            : `${shown(table)} is dropped with its rows.`,
          asAction:
            names.length === 1 && name !== undefined ? actionFile({ type: 'remove_table', table: name }) : undefined,
        }
      })
    return [...schemas, ...tables]
  },
}
