/** Reads an array as PostgreSQL writes it, such as `{1,NULL,"a \"b\"",{2,3}}`, with or without bounds before it. */
export function parseArray(text: string, parse: (element: string) => unknown): unknown[] {
  let at = text.indexOf('{')
  return readList()

  function readList(): unknown[] {
    const list: unknown[] = []
    at++
    while (at < text.length && text[at] !== '}') {
      if (text[at] === '{') list.push(readList())
      else if (text[at] === '"') list.push(parse(readQuoted()))
      else {
        const word = readWord()
        list.push(word === 'NULL' ? null : parse(word))
      }
      if (text[at] === ',') at++
    }
    at++
    return list
  }

  function readQuoted(): string {
    let content = ''
    for (at++; at < text.length && text[at] !== '"'; at++) {
      if (text[at] === '\\') at++
      content += text[at] ?? ''
    }
    at++
    return content
  }

  function readWord(): string {
    const from = at
    while (at < text.length && text[at] !== ',' && text[at] !== '}') at++
    return text.slice(from, at)
  }
}
