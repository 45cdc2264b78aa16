import { clockCheck } from './checks/clock.ts'
import { diskCheck } from './checks/disk.ts'
import { extensionsCheck } from './checks/extensions.ts'
import { indexesCheck } from './checks/indexes.ts'
import { keysCheck } from './checks/keys.ts'
import { migrationsCheck } from './checks/migrations.ts'
import { permissionsCheck } from './checks/permissions.ts'
import { serverCheck } from './checks/server.ts'
import { transactionsCheck } from './checks/transactions.ts'
import type { DoctorCheck } from './diagnosis.ts'

/** Everything that doctor looks at in a database, in the order in which it is told. */
export const doctorChecks: readonly DoctorCheck[] = [
  serverCheck,
  permissionsCheck,
  extensionsCheck,
  clockCheck,
  diskCheck,
  transactionsCheck,
  indexesCheck,
  keysCheck,
  migrationsCheck,
]
