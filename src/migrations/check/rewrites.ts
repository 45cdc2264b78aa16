import type { Edit, Fix } from '../../finding.ts'
import type { Node } from '../sql/parser.ts'
import type { Scene } from './scene.ts'
import type { SeenStatement } from './seen-statement.ts'
import { placedTokens } from './text-parts.ts'

/** A fix of one statement that stands in an SQL file; undefined where none can be offered. */
export function fixOf(
  statement: SeenStatement,
  { script }: Pick<Scene, 'script'>,
  description: string,
  edits: readonly (Edit | undefined)[],
): Fix | undefined {
  if (!script.editable || statement.origin !== 'script') return undefined
  const all = edits.flatMap((edit) => (edit === undefined ? [] : [edit]))
  return all.length < edits.length ? undefined : { description, edits: all }
}

/** As `fixOf`, for what has to run outside a transaction: then the file's other statements must each stand alone as well. */
export function fixOutside(
  statement: SeenStatement,
  scene: Pick<Scene, 'script' | 'statements'>,
  description: string,
  edits: readonly (Edit | undefined)[],
): Fix | undefined {
  const { script, statements } = scene
  const fix = fixOf(statement, scene, description, edits)
  if (!script.transaction) return statement.transaction === null ? fix : undefined
  if (fix === undefined || !statements.every(({ node }) => standsAlone(node))) return undefined
  const header = { start: 0, end: 0, text: '-- metastore: no-transaction\n' }
  return {
    description: `${description.replace(/\.$/, '')}, and run the file outside a transaction.`,
    edits: [header, ...fix.edits],
  }
}

// Nothing is half done when the run ends before or behind it.
function standsAlone(node: Node): boolean {
  if ('DropStmt' in node)
    return node.DropStmt.removeType === 'OBJECT_INDEX' && (node.DropStmt.objects ?? []).length === 1
  if ('AlterTableStmt' in node)
    return node.AlterTableStmt.cmds?.length === 1 && node.AlterTableStmt.objtype === 'OBJECT_TABLE'
  return 'IndexStmt' in node || 'CommentStmt' in node || ('ReindexStmt' in node && isOfOne(node.ReindexStmt.kind))
}

function isOfOne(kind: string | undefined): boolean {
  return kind === 'REINDEX_OBJECT_INDEX' || kind === 'REINDEX_OBJECT_TABLE'
}

/** Puts a word behind one of the statement's first words. */
export function behindWord({ text, offset }: SeenStatement, word: string, added: string): Edit | undefined {
  const token = placedTokens(text).find((one) => one.depth === 0 && one.text === word)
  if (token === undefined) return undefined
  const place = offset + token.end
  return { start: place, end: place, text: ` ${added}` }
}

/** Removes a run of words, such as `if not exists`, with the space in front. */
export function withoutWords({ text, offset }: SeenStatement, words: readonly string[]): Edit | undefined {
  const tokens = placedTokens(text)
  const first = tokens.findIndex((_, index) => words.every((word, place) => tokens[index + place]?.text === word))
  const last = tokens[first + words.length - 1]
  if (first === -1 || last === undefined) return undefined
  const start = tokens[first - 1]?.end ?? tokens[first]?.start ?? 0
  return { start: offset + start, end: offset + last.end, text: '' }
}

/** Puts SQL behind the end of a statement, before its semicolon. */
export function atEnd({ end }: SeenStatement, added: string): Edit {
  return { start: end, end, text: ` ${added}` }
}

/** Puts something else in the place of a whole statement, but for its semicolon. */
export function instead({ offset, end }: SeenStatement, sql: string): Edit {
  return { start: offset, end, text: sql }
}
