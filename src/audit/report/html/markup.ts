/** A piece of HTML in which everything that came from outside is already escaped. */
export interface Markup {
  readonly markup: string
}

/** What may stand in a piece of HTML: a text is escaped, a piece is taken as it is, nothing leaves nothing. */
export type Content = string | number | Markup | null | undefined | false | readonly Content[]

/** HTML with values in it, also within quoted attributes: `` markup`<b title="${name}">${name}</b>` ``. */
export function markup(parts: TemplateStringsArray, ...values: readonly Content[]): Markup {
  return { markup: parts.map((part, index) => `${part}${index < values.length ? write(values[index]) : ''}`).join('') }
}

/** Takes a text of our own, such as a style sheet, as it is. Nothing from a database may ever come here. */
export function trusted(text: string): Markup {
  return { markup: text }
}

function write(content: Content): string {
  if (content === null || content === undefined || content === false) return ''
  if (typeof content === 'number') return String(content)
  if (typeof content === 'string') return escapeText(content)
  return 'markup' in content ? content.markup : content.map(write).join('')
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

// What HTML forbids even as a reference becomes the mark of an unreadable character, as a browser would do it.
function escapeText(text: string): string {
  return text
    .replaceAll(/[&<>"']/g, (character) => entities[character] ?? '')
    .replaceAll(/[^\P{Cc}\t\n\r]/gu, '\uFFFD')
    .replaceAll('\r', '&#13;')
}
