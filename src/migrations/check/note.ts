import type { Action } from '../actions/action.ts'
import type { Node } from '../sql/parser.ts'
import type { KnownObjects } from './known-objects.ts'
import { noteAction } from './note-action.ts'
import { noteStatement } from './note-statement.ts'

/** Takes note of what a statement or an action makes, changes or drops. */
export function note(known: KnownObjects, statement: Node | Action): void {
  if ('type' in statement) noteAction(known, statement)
  else noteStatement(known, statement)
}
