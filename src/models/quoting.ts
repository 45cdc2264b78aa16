import { id, literal } from '../database/database.ts'

/** A name in quotation marks, whatever it is. */
export function quoted(...names: readonly string[]): string {
  return id(...names).inline('postgres')
}

/** A text as SQL has it. */
export function quotedText(text: string): string {
  return literal(text).inline('postgres')
}
