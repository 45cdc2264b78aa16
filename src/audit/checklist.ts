import type { AuditedMigration, ChecklistItem } from './audit-report.ts'
import type { AuditOutcome } from './findings.ts'
import type { UnderWay } from './under-way.ts'

/** What brings a database where it should be, in order. Pure. */
export function checklistOf(
  outcome: AuditOutcome,
  migrations: readonly AuditedMigration[],
  underWay: UnderWay | undefined,
): readonly ChecklistItem[] {
  const { findings, repair } = outcome
  const unrecorded = new Set(findings.filter(({ kind }) => kind === 'not_recorded').map(({ migration }) => migration))
  const held = new Set(findings.filter(({ kind }) => kind === 'out_of_order').map(({ migration }) => migration))
  // In the order of the project: both commands act on everything up to a name.
  const catchUp = migrations
    .filter(({ name, state }) => state === 'pending' && !underWay?.names.includes(name))
    .map(({ name, priority }) =>
      held.has(name)
        ? { title: `Settle what is said of ${name} above`, run: null }
        : unrecorded.has(name)
          ? { title: `Record ${name}, which was applied by hand`, run: `metastore stamp ${name}` }
          : { title: `Apply ${name} (${priority})`, run: `metastore migrate ${name}` },
    )
  const items: ChecklistItem[] = [
    { title: 'Note how many rows there are', run: 'metastore audit --count-rows' },
    ...(underWay === undefined ? [] : [underWay.todo]),
    ...catchUp,
  ]
  const broken = new Set(repair.map(({ object }) => object)).size
  if (broken > 0) {
    const missing = broken === 1 ? 'one object' : `${broken} objects`
    items.push({ title: `Put back ${missing} without touching rows`, run: 'metastore audit --fix' })
  }
  if (findings.some(({ kind }) => kind === 'seed')) items.push({ title: 'Apply the seeds', run: 'metastore seed' })
  if (findings.some(({ kind, severity }) => kind === 'secret' && severity === 'P0'))
    items.push({ title: 'Settle what is said of encrypted columns above', run: 'metastore keys check' })
  if (items.length === 1) return []
  return [
    ...items,
    { title: 'Restart the processes that keep connections or prepared statements', run: null },
    { title: 'Compare the numbers of rows with those from before', run: 'metastore audit --count-rows' },
    { title: 'Audit again: there is nothing left to do', run: 'metastore audit --fail-on P2' },
  ]
}
