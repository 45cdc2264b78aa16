import type { Entity, EntityRow } from './entities.ts'
import type { Box } from './boxes.ts'

/** The measures of a box, in pixels; letters all have one width. */
export const measure = { head: 30, row: 19, foot: 6, edge: 10, marks: 26, between: 16, letter: 6.75, headLetter: 7.5 }

const longest = { label: 40, name: 32, type: 26 }

/** How big the box of a table has to be. */
export function boxOf(entity: Entity): Box {
  const { head, row, foot, edge, marks, between, letter, headLetter } = measure
  const note = entity.note === null ? 0 : (letters(entity.note) + 2) * letter
  const widths = entity.rows.map(
    (one) => marks + (letters(shownName(one)) + letters(shownType(one))) * letter + between + 2 * edge,
  )
  const heading = letters(shownLabel(entity)) * headLetter + note + 2 * edge + 18
  return {
    id: entity.id,
    width: Math.ceil(Math.max(150, heading, ...widths)),
    height: head + (entity.rows.length + (entity.hidden > 0 ? 1 : 0)) * row + foot,
  }
}

/** The middle of the line of a column, from the top of the box; of its head when the column is not shown. */
export function rowMiddle({ rows }: Entity, column: string): number {
  const index = rows.findIndex(({ name }) => name === column)
  return index < 0 ? measure.head / 2 : measure.head + (index + 0.5) * measure.row
}

/** The name of the table, cut when it is long. */
export function shownLabel({ label }: Entity): string {
  return cut(label, longest.label)
}

/** The name of the column, cut when it is long. */
export function shownName({ name }: EntityRow): string {
  return cut(name, longest.name)
}

/** Its type in fewer letters, cut when it is long still. */
export function shownType({ type, nullable }: EntityRow): string {
  const short = type
    .replace('timestamp with time zone', 'timestamptz')
    .replace('timestamp without time zone', 'timestamp')
    .replace('character varying', 'varchar')
    .replace('double precision', 'float8')
  return `${cut(short, longest.type)}${nullable ? '?' : ''}`
}

function cut(text: string, most: number): string {
  const characters = [...text]
  return letters(text) <= most ? text : `${fitting(characters, most - 1)}…`
}

function fitting(characters: readonly string[], most: number): string {
  let used = 0
  return characters
    .filter((character) => {
      used += letterWidth(character)
      return used <= most
    })
    .join('')
}

/** How many letters wide a text is. */
function letters(text: string): number {
  return [...text].reduce((sum, character) => sum + letterWidth(character), 0)
}

// Chinese, Japanese and Korean characters, and pictures, are as wide as two letters.
function letterWidth(character: string): number {
  return (character.codePointAt(0) ?? 0) >= 0x1100 ? 2 : 1
}
