import { objects, verificationQuery, type Catalog } from '../catalog/catalog.ts'
import type { Severity } from '../finding.ts'
import type { MigrationFile } from '../migrations/migrations.ts'
import type { ObjectProvenance } from '../shadow/shadow.ts'
import type { AuditFinding } from './audit-finding.ts'

interface Known {
  readonly expected: Catalog
  readonly provenance: ReadonlyMap<string, ObjectProvenance>
  readonly priorities: ReadonlyMap<string, Severity>
  /** Whether the object with a key is there, and as it should be. */
  readonly isAsExpected: (key: string) => boolean
}

interface Pending {
  readonly file: MigrationFile
  /** The keys of the objects that it provides, and of those of them that are as they should be. */
  readonly provides: readonly string[]
  readonly there: readonly string[]
  /** Whether nothing of it is missing. */
  readonly byHand: boolean
}

/** What is said of migrations that are not in the history: not applied, or by hand. Pure. */
export function pendingFindings(files: readonly MigrationFile[], known: Known): AuditFinding[] {
  const provided = new Map(files.map(({ name }) => [name, [] as string[]]))
  for (const { key, createdBy, removedBy } of known.provenance.values()) {
    if (removedBy === null) provided.get(createdBy)?.push(key)
  }
  const pending = files.map((file): Pending => {
    const provides = provided.get(file.name) ?? []
    const there = provides.filter(known.isAsExpected)
    return { file, provides, there, byHand: provides.length > 0 && there.length === provides.length }
  })
  const values = new Map([...objects(known.expected)].map((object) => [object.key, object]))
  return pending.map((one, index) => {
    const { name, path } = one.file
    const shown = values.get(one.provides.find((key) => !known.isAsExpected(key)) ?? one.provides[0] ?? '')
    return {
      code: one.byHand ? 'migration_not_recorded' : 'migration_not_applied',
      kind: one.byHand ? 'not_recorded' : 'not_applied',
      severity: known.priorities.get(name) ?? 'P1',
      file: path,
      object: name,
      objectKey: null,
      migration: name,
      message: messageOf(one),
      remedy: remedyOf(one, pending.slice(0, index)),
      query: shown === undefined ? null : `${verificationQuery(shown).inline('postgres')};`,
      repair: [],
    }
  })
}

function messageOf({ file: { name }, provides, there, byHand }: Pending): string {
  if (byHand) {
    return `Migration ${name} is not in the history, but everything that it provides is there: it was applied by hand.`
  }
  if (there.length === 0) return `Migration ${name} is not applied.`
  const are = there.length === 1 ? 'is' : 'are'
  return `Migration ${name} is not applied, but ${there.length} of the ${provides.length} objects that it provides ${are} there.`
}

// Both commands act on everything up to a name, so what stands before it has to be dealt with first.
function remedyOf({ file: { name }, byHand }: Pending, before: readonly Pending[]): string {
  const first = before.findLast((other) => other.byHand !== byHand)?.file.name
  if (byHand) {
    return first === undefined
      ? `Record it with metastore stamp ${name}.`
      : `Apply what comes before it with metastore migrate ${first}, then record it with metastore stamp ${name}.`
  }
  return first === undefined
    ? `Apply it with metastore migrate ${name}.`
    : `Record what was applied by hand with metastore stamp ${first}, then apply it with metastore migrate ${name}.`
}
