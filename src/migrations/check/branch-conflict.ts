import { displayName } from '../../catalog/catalog.ts'
import type { MigrationFile } from '../migration.ts'
import { orderName, positionOf } from '../../file-order.ts'
import type { Check, CheckInput } from './check-input.ts'
import { touchedBy, type Touch } from './touched-columns.ts'

/** Two migrations of two branches that change the same column, or replace the same view or function. */
export const branchConflict: Check = {
  code: 'branch_conflict',
  severity: 'P2',
  hazard: 'H48',
  summary:
    'When two branches change the same column, view or function, the migration that comes last decides, and it knew nothing of the other.',

  check(input) {
    const touched = input.files.map((file) => ({ file, touches: touchedIn(file, input) }))
    return touched.flatMap(({ file, touches }, index) =>
      touched.slice(0, index).flatMap((other) => {
        const sharesNumber =
          positionOf(orderName(file)) !== null && positionOf(orderName(file)) === positionOf(orderName(other.file))
        const bothPending = input.pending?.has(file.name) === true && input.pending.has(other.file.name)
        if (!sharesNumber && !bothPending) return []
        const shared = overlap(other.touches, touches, sharesNumber)
        if (shared === undefined) return []
        return [
          {
            ...(sharesNumber && { severity: 'P1' as const }),
            file: file.path,
            object: shared,
            message: `It changes ${shared}, and so does ${other.file.name}, which ${sharesNumber ? 'has the same number' : 'is pending as well'}.`,
            remedy:
              'If two branches made them, see that both are meant in this order; otherwise make one migration of the two.',
          },
        ]
      }),
    )
  },
}

function touchedIn(file: MigrationFile, { migrations, parts, schema }: CheckInput): Touch[] {
  const migration = migrations.find((one) => one.file === file)
  if (migration?.up.kind === 'actions') return migration.up.actions.flatMap((action) => touchedBy(action, schema))
  const part = parts.find((one) => one.file === file && one.direction === 'up')
  return (part?.statements ?? []).flatMap(({ node }) => (node ? touchedBy(node, schema) : []))
}

// Who changes what another has just made, knows of it; unless both took the same number.
function overlap(first: readonly Touch[], second: readonly Touch[], sharesNumber: boolean): string | undefined {
  for (const one of second) {
    const other = first.find(
      ({ schema, name, kind, column }) =>
        schema === one.schema &&
        name === one.name &&
        kind === one.kind &&
        (column === one.column || column === null || one.column === null),
    )
    if (other === undefined || (other.makes && !(sharesNumber && one.makes))) continue
    const column = one.column ?? other.column
    const path = [one.schema, one.name, column].flatMap((part) => (part === null ? [] : [displayName(part)])).join('.')
    return one.kind === 'routine' ? `${path}()` : path
  }
  return undefined
}
