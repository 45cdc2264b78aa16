import type { Finding } from '../finding.ts'
import type { ReplayedFile } from './replayed-file.ts'

/** A finding about a migration, whose name it has as its object. */
type ReplayFinding = Finding & { readonly object: string }

/**
 * What a replay says of the files: those that fail, those that sort before what they need, those that cannot be judged.
 * `pending` are the names of those that are still to be applied; one that is applied has worked once. Pure.
 */
export function replayFindings(files: readonly ReplayedFile[], pending: ReadonlySet<string>): readonly ReplayFinding[] {
  return files.flatMap(({ name, path, outcome, problem, after, provider }): ReplayFinding[] => {
    const about = { object: name, file: path }
    if (problem === null) return []
    switch (outcome) {
      case 'applied':
        return []
      case 'unverified':
        return [
          {
            ...about,
            code: 'migration_unverified',
            severity: 'P2',
            message: `What ${name} makes could not be found out: ${problem.message}`,
            remedy: 'Give a server that has what it needs, with --shadow URL.',
          },
        ]
      case 'late':
        return [
          {
            ...about,
            ...place(problem),
            code: 'migration_wrong_order',
            severity: pending.has(name) ? 'P0' : 'P2',
            message: `${name} fails in its place, and runs after ${after ?? ''}: ${problem.message}`,
            remedy: `Rename it so that it sorts after ${after ?? ''}; a new database cannot be made otherwise.`,
          },
        ]
      case 'failed': {
        const severity = pending.has(name) ? ('P0' as const) : ('P1' as const)
        if (provider === null) return [{ ...problem, object: name, severity }]
        const place = isBefore(files, name, provider)
          ? `Put ${provider} right first, and rename this one so that it sorts after it.`
          : `Put ${provider} right first.`
        return [
          {
            ...problem,
            object: name,
            severity,
            message: `${problem.message} ${provider} seems to make it, and has not run either.`,
            remedy: place,
          },
        ]
      }
    }
  })
}

function isBefore(files: readonly ReplayedFile[], name: string, other: string): boolean {
  const place = (wanted: string) => files.findIndex((file) => file.name === wanted)
  return place(name) < place(other)
}

function place({ line, column }: Finding): Pick<Finding, 'line' | 'column'> {
  return { ...(line !== undefined && { line }), ...(column !== undefined && { column }) }
}
