import type { Difference } from '../diff/compare.ts'
import type { CatalogObject } from '../objects.ts'
import { alterColumn } from './alter-column.ts'
import {
  alterDefaultPrivileges,
  alterEventTrigger,
  alterExtension,
  alterPublication,
  alterRights,
  alterRoutine,
  alterSequence,
  alterStatistics,
  alterView,
} from './alter-object.ts'
import { alterConstraint, alterIndex, alterTrigger, tableOf } from './alter-part.ts'
import { alterTable } from './alter-table.ts'
import { alterType } from './alter-type.ts'
import type { Alteration, Altered } from './alteration.ts'
import type { Making } from './making.ts'
import { commentOn } from './rights.ts'
import { hasChanged } from './verdict.ts'

/** What brings an object that is there to what it should be. */
export function alterObject(making: Making, difference: Difference): Alteration {
  const { expected } = difference
  if (expected === null) return { statements: [], unrendered: [] }
  switch (expected.kind) {
    case 'schema':
    case 'collation':
      return { statements: alterRights(making, altered(difference, expected)), unrendered: [] }
    case 'extension':
      return alterExtension(making, altered(difference, expected))
    case 'type':
      return alterType(making, altered(difference, expected))
    case 'sequence':
      return alterSequence(making, altered(difference, expected))
    case 'table':
      return alterTable(making, altered(difference, expected))
    case 'view':
      return alterView(making, altered(difference, expected))
    case 'routine':
      return alterRoutine(making, altered(difference, expected))
    case 'statistics':
      return alterStatistics(making, altered(difference, expected))
    case 'event_trigger':
      return alterEventTrigger(making, altered(difference, expected))
    case 'publication':
      return alterPublication(making, altered(difference, expected))
    case 'default_privileges':
      return alterDefaultPrivileges(altered(difference, expected))
    case 'column': {
      const table = tableOf(making.expected.tables, expected)
      if (table === undefined) return { statements: [], unrendered: [] }
      return alterColumn(making, altered(difference, expected), table)
    }
    case 'constraint':
      return alterConstraint(altered(difference, expected))
    case 'index':
      return alterIndex(altered(difference, expected))
    case 'trigger':
      return alterTrigger(altered(difference, expected))
    case 'rule':
      return alterTrigger(altered(difference, expected))
    case 'policy': {
      const comment = hasChanged(difference.changes, 'comment') ? [commentOn(expected, expected.value.comment)] : []
      return { statements: comment, unrendered: [] }
    }
  }
}

// Both sides are of one kind, since the kind is in the key.
function altered<Object extends CatalogObject>(difference: Difference, expected: Object): Altered<Object['kind']> {
  const { actual } = difference
  return { difference, object: expected, value: expected.value, before: actual?.value } as unknown as Altered<
    Object['kind']
  >
}
