import type { Hazard } from '../hazard.ts'

/** What is wrong between the files and the history. It is found by history-hazards.ts and branch-conflicts.ts, from files and not from statements. */
export const history: Hazard = {
  id: 'H48',
  code: 'history_conflict',
  title: 'an edited, missing, out-of-order or conflicting file',
  severity: 'P1',
  why: 'Where the files are not what was applied, or two branches change the same thing, databases end up different although each run succeeded.',
  remedy:
    'Restore edited and missing files, give late ones a name that sorts last, and make one migration of two that change the same column.',
  silence:
    'Edited, missing and late files are only found where a database is given; two files that touch one column, unless both are pending or have one number.',
  needs: ['S', 'C'],
  detect: () => [],
}
