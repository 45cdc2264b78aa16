import { foreignKeyWithoutIndex, noPrimaryKey, unvalidatedConstraint } from './constraint-rules.ts'
import { deadRows, extensionBehind, sequenceNearItsEnd } from './capacity-rules.ts'
import type { HealthRule } from './health-rule.ts'
import { duplicateIndex, invalidIndex, unusedIndex } from './index-rules.ts'
import {
  definerWithoutSearchPath,
  disabledTrigger,
  policiesWithoutRowSecurity,
  policyThatIsAlwaysTrue,
  rowSecurityWithoutPolicies,
} from './protection-rules.ts'
import { keyWithoutTenant, tenantNotIsolated } from './tenant-rules.ts'

/** Everything that is looked at beside what the migrations say. */
export const healthRules: readonly HealthRule[] = [
  policiesWithoutRowSecurity,
  tenantNotIsolated,
  invalidIndex,
  unvalidatedConstraint,
  disabledTrigger,
  definerWithoutSearchPath,
  keyWithoutTenant,
  sequenceNearItsEnd,
  foreignKeyWithoutIndex,
  noPrimaryKey,
  duplicateIndex,
  unusedIndex,
  rowSecurityWithoutPolicies,
  policyThatIsAlwaysTrue,
  extensionBehind,
  deadRows,
]
