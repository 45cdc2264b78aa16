import type { Hazard } from './hazard.ts'
import { indexNotConcurrent } from './hazards/h01-index-not-concurrent.ts'
import { indexDropNotConcurrent } from './hazards/h02-index-drop-not-concurrent.ts'
import { indexInUse } from './hazards/h03-index-in-use.ts'
import { reindexNotConcurrent } from './hazards/h04-reindex-not-concurrent.ts'
import { concurrentInTransaction } from './hazards/h05-concurrent-in-transaction.ts'
import { indexOnPartitioned } from './hazards/h06-index-on-partitioned.ts'
import { uniqueDirect } from './hazards/h07-unique-direct.ts'
import { uniqueOverDuplicates } from './hazards/h08-unique-over-duplicates.ts'
import { primaryKeyDirect } from './hazards/h09-primary-key-direct.ts'
import { primaryKeyNullable } from './hazards/h10-primary-key-nullable.ts'
import { exclusionAdded } from './hazards/h11-exclusion-added.ts'
import { checkValidatedAtOnce } from './hazards/h12-check-validated-at-once.ts'
import { foreignKeyValidatedAtOnce } from './hazards/h13-foreign-key-validated-at-once.ts'
import { validatedInSameTransaction } from './hazards/h14-validated-in-same-transaction.ts'
import { setNotNull } from './hazards/h15-set-not-null.ts'
import { notNullOverNulls } from './hazards/h16-not-null-over-nulls.ts'
import { requiredWithoutDefault } from './hazards/h17-required-without-default.ts'
import { volatileDefault } from './hazards/h18-volatile-default.ts'
import { storedGenerated } from './hazards/h19-stored-generated.ts'
import { identityAdded } from './hazards/h20-identity-added.ts'
import { typeRewrite } from './hazards/h21-type-rewrite.ts'
import { typeNarrowed } from './hazards/h22-type-narrowed.ts'
import { collationChanged } from './hazards/h23-collation-changed.ts'
import { loggedChanged } from './hazards/h24-logged-changed.ts'
import { movedStorage } from './hazards/h25-moved-storage.ts'
import { tableCompacted } from './hazards/h26-table-compacted.ts'
import { partitionDetached } from './hazards/h27-partition-detached.ts'
import { partitionAttached } from './hazards/h28-partition-attached.ts'
import { triggerInLongTransaction } from './hazards/h29-trigger-in-long-transaction.ts'
import { domainCheck } from './hazards/h30-domain-check.ts'
import { enumValue } from './hazards/h31-enum-value.ts'
import { tableDropped } from './hazards/h32-table-dropped.ts'
import { columnDropped } from './hazards/h33-column-dropped.ts'
import { sequenceDropped } from './hazards/h34-sequence-dropped.ts'
import { cascade } from './hazards/h35-cascade.ts'
import { renamed } from './hazards/h36-renamed.ts'
import { constraintDropped } from './hazards/h37-constraint-dropped.ts'
import { wholeTableWrite } from './hazards/h38-whole-table-write.ts'
import { notRerunnable } from './hazards/h39-not-rerunnable.ts'
import { ifNotExists } from './hazards/h40-if-not-exists.ts'
import { ownTransaction } from './hazards/h41-own-transaction.ts'
import { noTimeout } from './hazards/h42-no-timeout.ts'
import { names } from './hazards/h43-names.ts'
import { replication } from './hazards/h44-replication.ts'
import { untrackedDependency } from './hazards/h45-untracked-dependency.ts'
import { access } from './hazards/h46-access.ts'
import { typeChoice } from './hazards/h47-type-choice.ts'
import { history } from './hazards/h48-history.ts'

/** Every hazard there is, in the order of their ids. */
export const hazards: readonly Hazard[] = [
  indexNotConcurrent,
  indexDropNotConcurrent,
  indexInUse,
  reindexNotConcurrent,
  concurrentInTransaction,
  indexOnPartitioned,
  uniqueDirect,
  uniqueOverDuplicates,
  primaryKeyDirect,
  primaryKeyNullable,
  exclusionAdded,
  checkValidatedAtOnce,
  foreignKeyValidatedAtOnce,
  validatedInSameTransaction,
  setNotNull,
  notNullOverNulls,
  requiredWithoutDefault,
  volatileDefault,
  storedGenerated,
  identityAdded,
  typeRewrite,
  typeNarrowed,
  collationChanged,
  loggedChanged,
  movedStorage,
  tableCompacted,
  partitionDetached,
  partitionAttached,
  triggerInLongTransaction,
  domainCheck,
  enumValue,
  tableDropped,
  columnDropped,
  sequenceDropped,
  cascade,
  renamed,
  constraintDropped,
  wholeTableWrite,
  notRerunnable,
  ifNotExists,
  ownTransaction,
  noTimeout,
  names,
  replication,
  untrackedDependency,
  access,
  typeChoice,
  history,
]

/** The hazard with that id or code, whatever its case. */
export function hazardOf(name: string): Hazard | undefined {
  const wanted = name.toLowerCase()
  return hazards.find(({ id, code }) => id.toLowerCase() === wanted || code === wanted)
}
