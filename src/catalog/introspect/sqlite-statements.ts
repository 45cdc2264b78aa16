import type { Trigger } from '../relation.ts'
import { closing, isKeyword, splitList, textOf, tokenize } from './sqlite-tokens.ts'

/** What only the text of CREATE INDEX tells. */
export interface IndexText {
  /** Its keys without their order and collation. */
  readonly keys: readonly string[]
  readonly predicate: string | null
}

/** Reads a CREATE INDEX statement that SQLite has accepted. */
export function readCreateIndex(sql: string): IndexText {
  const tokens = tokenize(sql)
  const on = tokens.findIndex((token) => isKeyword(token, 'on'))
  const open = tokens.findIndex(({ text }, index) => index > on && text === '(')
  const close = closing(tokens, open)
  const keys = splitList(tokens, open + 1, close).map((key) => {
    let end = key.length
    if (isKeyword(key[end - 1], 'asc', 'desc')) end--
    if (isKeyword(key[end - 2], 'collate')) end -= 2
    return textOf(sql, key.slice(0, end))
  })
  const where = tokens[close + 1]
  return { keys, predicate: where === undefined ? null : textOf(sql, tokens.slice(close + 2)) }
}

/** Reads the head of a CREATE TRIGGER statement that SQLite has accepted. */
export function readCreateTrigger(sql: string): Pick<Trigger, 'timing' | 'events' | 'columns'> {
  const tokens = tokenize(sql)
  const at = tokens.findIndex((token) => isKeyword(token, 'insert', 'update', 'delete'))
  const event = tokens[at]?.text.toLowerCase() as 'insert' | 'update' | 'delete'
  const of = isKeyword(tokens[at + 1], 'of')
  const on = tokens.findIndex((token, index) => index > at && isKeyword(token, 'on'))
  const before = tokens[at - 1]
  return {
    // BEFORE is what nothing means.
    timing: isKeyword(before, 'after') ? 'after' : isKeyword(before, 'of') ? 'instead_of' : 'before',
    events: [event],
    columns: of ? splitList(tokens, at + 2, on).map(([name]) => name?.value ?? '') : [],
  }
}
