import type { KeyPath } from '../../actions/action.ts'

/** A key, or an element of a list, as messages name it: `actions[0].column.up`. */
export function shownPath(path: KeyPath): string {
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${shownKey(part)}`))
    .join('')
    .replace(/^\./, '')
}

/** A key as messages name it: quoted unless it is a plain word. */
function shownKey(key: string): string {
  return /^[\w$-]{1,60}$/.test(key) ? key : shownText(key)
}

/** A text from a file in quotation marks: no longer than a line can bear, with nothing in it that steers a terminal. */
export function shownText(text: string): string {
  const characters = [...text.slice(0, 200)]
  const short = characters.length > 40 ? `${characters.slice(0, 40).join('')}…` : text
  return JSON.stringify(short).replaceAll(
    /[\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Whether two paths lead to the same place. */
export function samePath(one: KeyPath, other: KeyPath): boolean {
  return one.length === other.length && sharedLength(one, other) === one.length
}

/** How many steps two paths have in common from their beginning. */
export function sharedLength(one: KeyPath, other: KeyPath): number {
  const different = one.findIndex((part, index) => part !== other[index])
  return different === -1 ? one.length : different
}
