import type { MigrationFile } from '../migration.ts'
import { orderName, positionOf } from '../../file-order.ts'
import type { Check } from './check-input.ts'

/** Two migrations with one number, as two branches make them. */
export const sharedNumber: Check = {
  code: 'shared_number',
  severity: 'P2',
  hazard: 'H48',
  summary: 'Two branches that added a migration each may depend on an order that only one of them had.',

  check({ files }) {
    const first = new Map<string, MigrationFile>()
    return files.flatMap((file) => {
      const position = positionOf(orderName(file))
      if (position === null) return []
      const other = first.get(position)
      first.set(position, other ?? file)
      if (other === undefined) return []
      return [
        {
          file: file.path,
          object: file.name,
          message: `It has the number of ${other.name}, which is applied first because of its letters.`,
          remedy: 'Make sure that neither needs the other, or give the newer one a number of its own.',
        },
      ]
    })
  },
}
