/** Every mode of lock that PostgreSQL has on a table, the weakest first (PostgreSQL manual 13.3.1). */
export const tableLockModes = [
  'access share',
  'row share',
  'row exclusive',
  'share update exclusive',
  'share',
  'share row exclusive',
  'exclusive',
  'access exclusive',
] as const

/** One mode of lock. */
export type TableLockMode = (typeof tableLockModes)[number]

/** Which statements of others wait while a lock is held. */
export type Waiting = 'nothing' | 'schema changes' | 'writes' | 'reads and writes'

/** Who waits for a lock of this mode: schema changes are those that need a strong lock themselves, and vacuum. */
export function waitingFor(mode: TableLockMode): Waiting {
  switch (mode) {
    case 'access share':
    case 'row share':
      return 'nothing'
    case 'row exclusive':
    case 'share update exclusive':
      return 'schema changes'
    case 'share':
    case 'share row exclusive':
    case 'exclusive':
      return 'writes'
    case 'access exclusive':
      return 'reads and writes'
  }
}

/** The stronger of two modes, in the order of the manual's table. */
export function stronger(one: TableLockMode, other: TableLockMode): TableLockMode {
  return tableLockModes.indexOf(one) >= tableLockModes.indexOf(other) ? one : other
}

/** The mode that ends most of the others' work, among those that are held. */
export function strongest(modes: readonly TableLockMode[]): TableLockMode {
  return modes.reduce<TableLockMode>(stronger, 'access share')
}
