import type { Action } from '../actions/action.ts'
import type { KnownObjects } from './known-objects.ts'
import { freshTable, keyOf } from './note-statement.ts'

/** Takes note of what a zero-downtime action makes, renames or removes; its scripts are noted as SQL. */
export function noteAction(known: KnownObjects, action: Action): void {
  const keyFor = (name: string) => keyOf(known, { schema: null, name })
  switch (action.type) {
    case 'create_table': {
      const table = freshTable('yes')
      for (const { name, nullable = true } of action.columns) {
        table.columns.set(name, { type: undefined, nullable, newness: 'yes' })
      }
      known.tables.set(keyFor(action.name), table)
      break
    }
    case 'rename_table': {
      const table = known.tables.get(keyFor(action.table)) ?? freshTable('no')
      known.tables.delete(keyFor(action.table))
      known.tables.set(keyFor(action.new_name), table)
      break
    }
    case 'remove_table':
      known.tables.delete(keyFor(action.table))
      break
    case 'add_column': {
      const { name, nullable = true } = action.column
      known.tables.get(keyFor(action.table))?.columns.set(name, { type: undefined, nullable, newness: 'yes' })
      break
    }
    case 'alter_column': {
      // What it is now depends on more than its name, and nothing must be taken for known that is not.
      const columns = known.tables.get(keyFor(action.table))?.columns
      columns?.delete(action.column)
      break
    }
    case 'remove_column':
      known.tables.get(keyFor(action.table))?.columns.delete(action.column)
      break
    default:
  }
}
