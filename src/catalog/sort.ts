/**
 * Compares two texts by their code points, which is what PostgreSQL's collation "C" and SQLite's BINARY do. JavaScript's
 * own order differs from that for characters beyond U+FFFF.
 */
export function compareCodePoints(left: string, right: string): number {
  const length = Math.min(left.length, right.length)
  for (let index = 0; index < length; index++) {
    const a = left.charCodeAt(index)
    const b = right.charCodeAt(index)
    // Surrogates stand for characters above all others, although U+E000 to U+FFFF have greater codes.
    if (a !== b) return isSurrogate(a) === isSurrogate(b) ? a - b : isSurrogate(a) ? 1 : -1
  }
  return left.length - right.length
}

/** A sorted copy, by one or more texts of each item. */
export function sortBy<Item>(items: readonly Item[], ...texts: readonly ((item: Item) => string)[]): Item[] {
  return items.toSorted((left, right) => {
    for (const text of texts) {
      const order = compareCodePoints(text(left), text(right))
      if (order !== 0) return order
    }
    return 0
  })
}

/** A sorted copy of what has names. */
export function sortByName<Item extends { readonly name: string }>(items: readonly Item[]): Item[] {
  return sortBy(items, (item) => item.name)
}

/** A sorted copy of what has names in schemas. */
export function sortByPath<Item extends { readonly schema: string; readonly name: string }>(
  items: readonly Item[],
): Item[] {
  return sortBy(
    items,
    (item) => item.schema,
    (item) => item.name,
  )
}

function isSurrogate(code: number): boolean {
  return code >= 0xd800 && code <= 0xdfff
}
