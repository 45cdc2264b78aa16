import { MetastoreError } from '../../errors.ts'
import type { Position } from '../engine.ts'
import type { Destination } from '../resolve.ts'

/** The names that a rollback would take back, the newest first. Throws `usage` for a destination that is not behind. */
export function selectRollback(
  { applied }: Pick<Position, 'applied'>,
  to: Destination = { kind: 'steps', count: -1 },
): readonly string[] {
  const newestFirst = applied.map(({ name }) => name).reverse()
  switch (to.kind) {
    case 'base':
      return newestFirst
    case 'head':
      throw ahead('head')
    case 'steps':
      if (to.count > 0) throw ahead(`+${to.count}`)
      return newestFirst.slice(0, -to.count)
    case 'name': {
      const index = newestFirst.indexOf(to.name)
      if (index === -1) throw ahead(to.name)
      return newestFirst.slice(0, index)
    }
  }
}

function ahead(destination: string): MetastoreError {
  return new MetastoreError({
    code: 'usage',
    message: `${destination} does not lie behind: a rollback only goes back.`,
    remedy: 'Name a migration that is applied, a number such as 2, or base; metastore history lists what is applied.',
  })
}
