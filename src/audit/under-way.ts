import { batchUnderWay, type BookkeepingState } from '../migrations/migrations.ts'
import type { Severity } from '../finding.ts'
import type { AuditFinding } from './audit-finding.ts'
import type { ChecklistItem } from './audit-report.ts'

/** A batch that is between its start and its end while the database is audited. */
export interface UnderWay {
  readonly names: readonly string[]
  readonly message: string
  readonly remedy: string
  /** What ends it, for the checklist. */
  readonly todo: ChecklistItem
}

/** The batch that is under way; undefined when none is. */
export function underWayOf({ phase, batch }: Pick<BookkeepingState, 'phase' | 'batch'>): UnderWay | undefined {
  if (phase === null || batch === null) return undefined
  const { message, remedy } = batchUnderWay(phase, batch)
  const names = batch.migrations.map(({ name }) => name)
  const back = batch.rollback !== undefined
  const command = phase === 'aborting' ? 'abort' : back ? 'rollback' : phase === 'applying' ? 'start' : 'complete'
  const what = back ? 'Finish the rollback of' : phase === 'aborting' ? 'Finish the abort of' : 'Finish'
  return {
    names,
    message,
    remedy,
    todo: { title: `${what} ${names.join(', ')}`, run: `metastore ${command}` },
  }
}

/** Whether a name is one that a batch gives to what it makes for as long as it is under way. */
export function isOfBatch(path: readonly string[]): boolean {
  return path.some((name) => /__metastore_[0-9a-f]{8}_/.test(name))
}

/** What is said of a batch that is under way: that, instead of what each of its parts would look like. */
export function underWayFinding(
  { names, message, remedy }: UnderWay,
  priorities: ReadonlyMap<string, Severity>,
): AuditFinding {
  const [first = null] = names
  return {
    code: 'migration_in_progress',
    kind: 'in_progress',
    severity: names.map((name) => priorities.get(name) ?? 'P1').toSorted()[0] ?? 'P1',
    object: names.join(', '),
    objectKey: null,
    migration: first,
    message,
    remedy,
    query: null,
    repair: [],
  }
}
