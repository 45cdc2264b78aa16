import type { Finding } from '../../finding.ts'
import { lineAndColumn, printable } from '../../text-position.ts'
import { costOf, costSentence, severityOf } from './cost.ts'
import type { Hazard, Report } from './hazard.ts'
import { hazards } from './hazards.ts'
import { copyOf, knowNothing, type KnownObjects } from './known-objects.ts'
import { noteStatement } from './note-statement.ts'
import { sceneOf, type HazardContext, type Scene } from './scene.ts'
import { seenStatements, type Script, type SeenStatement } from './seen-statement.ts'

/** A hazard that was found, with the statement that it is about. */
export interface FoundHazard {
  readonly finding: Finding
  /** Offsets in the file; several statements inside one body share those of it. */
  readonly statement: Pick<SeenStatement, 'offset' | 'end'>
}

/**
 * What in a script would hurt a database in use, statement by statement. Pure: what is known of the database is given.
 * Allowances in the file are not looked at.
 */
export function findHazards(script: Script, context: HazardContext): FoundHazard[] {
  return hazardsIn(script, context, copyOf(context.known ?? knowNothing(context.schema)))
}

/** As `findHazards`; and what the script makes is added to `known`, which can be large. */
export function hazardsIn(script: Script, context: HazardContext, known: KnownObjects): FoundHazard[] {
  const statements = seenStatements(script)
  const scene = sceneOf(script, statements, context, known)
  const found: FoundHazard[] = []
  for (const statement of statements) {
    for (const hazard of hazards) {
      for (const report of hazard.detect(statement, scene)) {
        found.push({ finding: findingOf(hazard, report, statement, scene), statement })
      }
    }
    noteStatement(known, statement.node)
  }
  return found
}

function findingOf(hazard: Hazard, report: Report, { offset, origin }: SeenStatement, scene: Scene): Finding {
  const { path, source } = scene.script
  const { load } = report
  const size = load && scene.size(load.table)
  const cost = load && size && costOf(load.work, size)
  const message = load && cost ? `${report.message} ${costSentence(load.table, cost)}` : report.message
  return {
    code: hazard.code,
    hazard: hazard.id,
    severity: report.severity ?? (cost ? severityOf(cost) : hazard.severity),
    file: path,
    ...lineAndColumn(source, report.offset ?? offset),
    ...(report.object !== undefined && { object: printable(report.object) }),
    // Names come from the file, and a name can hold anything.
    message: printable(message),
    remedy: printable(report.remedy ?? hazard.remedy),
    ...(report.fix && { fix: report.fix }),
    ...(report.asAction !== undefined && origin === 'script' && { asAction: report.asAction }),
  }
}
