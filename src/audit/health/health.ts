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

/** Everything that is looked at beside what the migrations say. */
export const healthRules: readonly HealthRule[] = [
  policiesWithoutRowSecurity,
  invalidIndex,
  unvalidatedConstraint,
  disabledTrigger,
  definerWithoutSearchPath,
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
