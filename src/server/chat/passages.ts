/** How many characters a passage has at most, about. */
const longest = 1200

/**
 * Cuts a text into the pieces in which it is found: whole paragraphs where they fit together, long ones between sentences or
 * words. Nothing but white space is lost.
 */
export function passages(text: string): string[] {
  const pieces: string[] = []
  for (const part of text.split(/\n\s*\n/).flatMap((paragraph) => cut(paragraph.trim()))) {
    const last = pieces.at(-1)
    if (last !== undefined && last.length + part.length + 2 <= longest) pieces[pieces.length - 1] = `${last}\n\n${part}`
    else pieces.push(part)
  }
  return pieces
}

function cut(paragraph: string): string[] {
  const pieces: string[] = []
  let rest = paragraph
  while (rest.length > longest) {
    const head = rest.slice(0, longest)
    const sentence = Math.max(
      head.lastIndexOf('. '),
      head.lastIndexOf('? '),
      head.lastIndexOf('! '),
      head.lastIndexOf('\n'),
    )
    const space = head.lastIndexOf(' ')
    const at = sentence > longest / 2 ? sentence + 1 : space > 0 ? space : wholeCharacters(head)
    pieces.push(rest.slice(0, at).trim())
    rest = rest.slice(at).trim()
  }
  return rest === '' ? pieces : [...pieces, rest]
}

// A cut between the two halves of a character beyond U+FFFF would make neither storable.
function wholeCharacters(head: string): number {
  return /[\uD800-\uDBFF]$/.test(head) ? head.length - 1 : head.length
}
