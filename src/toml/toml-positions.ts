import { readKey, skipBlank, skipLine, skipScalar, skipSpace, type Cursor, type KeySegment } from './toml-lexer.ts'

/** A stretch of a text, in UTF-16 code units from 0; the end is the first unit after it. */
interface Span {
  readonly start: number
  readonly end: number
}

/** The way to a key or an element of an array: `['database', 'assistant', 'migrations', 0]`. */
export type TomlPath = readonly (string | number)[]

/** Where a document says the same key or table a second time. */
interface Repetition {
  readonly path: TomlPath
  readonly first: Span
  readonly again: Span
}

/** Where everything in a TOML document stands. */
export interface TomlPositions {
  /** The first place that writes the key; for an element of an array of tables the header, for other elements the value. */
  key(path: TomlPath): Span | undefined
  /** The value; undefined for tables that have no place of their own because a header or a dotted key makes them. */
  value(path: TomlPath): Span | undefined
  /** The keys of a table in the order of the text, which an object does not keep for keys such as `10`. */
  keys(path: TomlPath): readonly string[]
  /** Keys written twice, in the order of the text. Those of a document that parses are not repetitions. */
  readonly repetitions: readonly Repetition[]
}

interface Node {
  /** What holds it, and its name or number there; a whole path in every node would make a long key cost its square. */
  readonly parent: Node | undefined
  readonly segment: string | number
  key: Span | undefined
  value: Span | undefined
  readonly children: Map<string, Node>
  readonly elements: Node[]
  /** Whether a header `[[...]]` made it, so that what follows belongs to its last element. */
  tables: boolean
}

interface Reader {
  readonly cursor: Cursor
  readonly repetitions: Repetition[]
}

/** Deeper values are not looked into; the parser refuses them as well. */
const deepest = 1000

/**
 * Finds every key and value of a TOML document. It never throws: of a document that does not parse it finds what it can.
 * https://toml.io/en/v1.1.0
 */
export function tomlPositions(text: string): TomlPositions {
  const reader: Reader = { cursor: { text, at: text.startsWith('\uFEFF') ? 1 : 0 }, repetitions: [] }
  const root = emptyNode(undefined, '')
  readDocument(reader, root)
  return {
    key: (path) => find(root, path)?.key,
    value: (path) => find(root, path)?.value,
    keys: (path) => [...(find(root, path)?.children.keys() ?? [])],
    repetitions: reader.repetitions,
  }
}

function readDocument(reader: Reader, root: Node): void {
  const { cursor } = reader
  let table = root
  for (skipBlank(cursor); cursor.at < cursor.text.length; skipBlank(cursor)) {
    if (cursor.text[cursor.at] === '[') table = readHeader(reader, root) ?? table
    else readPair(reader, table, 0)
    // Whatever else the line holds is a comment, or something that the parser has complained about.
    skipLine(cursor)
  }
}

function readHeader(reader: Reader, root: Node): Node | undefined {
  const { cursor } = reader
  const start = cursor.at
  const tables = cursor.text[start + 1] === '['
  cursor.at += tables ? 2 : 1
  const segments = readKey(cursor)
  const last = segments.at(-1)
  if (!last) return undefined
  const node = child(descend(root, segments.slice(0, -1)), last)
  if (!tables) {
    noteRepetition(reader, node, last)
    return node
  }
  skipSpace(cursor)
  if (cursor.text.startsWith(']]', cursor.at)) cursor.at += 2
  node.tables = true
  const element = emptyNode(node, node.elements.length)
  element.key = { start, end: cursor.at }
  node.elements.push(element)
  return element
}

function readPair(reader: Reader, table: Node, depth: number): void {
  const { cursor } = reader
  const segments = readKey(cursor)
  const last = segments.at(-1)
  if (!last) return
  const node = child(descend(table, segments.slice(0, -1)), last)
  const fresh = noteRepetition(reader, node, last)
  skipSpace(cursor)
  if (cursor.text[cursor.at] !== '=') return
  cursor.at += 1
  skipSpace(cursor)
  // A second value is looked through, so that reading goes on behind it, but what came first keeps its place.
  readValue(reader, fresh ? node : emptyNode(node.parent, node.segment), depth)
}

function readValue(reader: Reader, node: Node, depth: number): void {
  const { cursor } = reader
  const start = cursor.at
  const first = cursor.text[start]
  if ((first === '[' || first === '{') && depth < deepest) {
    cursor.at += 1
    if (first === '[') readElements(reader, node, depth)
    else readPairs(reader, node, depth)
  } else {
    skipScalar(cursor)
  }
  if (cursor.at > start) node.value = { start, end: cursor.at }
}

function readElements(reader: Reader, node: Node, depth: number): void {
  readSeparated(reader.cursor, ']', () => {
    const element = emptyNode(node, node.elements.length)
    readValue(reader, element, depth + 1)
    element.key = element.value
    node.elements.push(element)
  })
}

function readPairs(reader: Reader, node: Node, depth: number): void {
  readSeparated(reader.cursor, '}', () => readPair(reader, node, depth + 1))
}

// What stands between brackets, with commas between. Stops where nothing can be read any more.
function readSeparated(cursor: Cursor, close: string, readOne: () => void): void {
  for (;;) {
    skipBlank(cursor)
    if (cursor.text[cursor.at] === close) break
    const before = cursor.at
    readOne()
    skipBlank(cursor)
    if (cursor.text[cursor.at] === ',') cursor.at += 1
    else if (cursor.text[cursor.at] === close) break
    if (cursor.at === before || cursor.at >= cursor.text.length) return
  }
  cursor.at += 1
}

// Only the parser knows whether it is one: `[a]` after `[a.b]` is not.
function noteRepetition(reader: Reader, node: Node, segment: KeySegment): boolean {
  if (!node.key || node.key.start === segment.start) return true
  reader.repetitions.push({ path: pathOf(node), first: node.key, again: { start: segment.start, end: segment.end } })
  return node.value === undefined && node.children.size === 0
}

function descend(from: Node, segments: readonly KeySegment[]): Node {
  let node = lastElement(from)
  for (const segment of segments) node = lastElement(child(node, segment))
  return node
}

function lastElement(node: Node): Node {
  return node.tables ? (node.elements.at(-1) ?? node) : node
}

function child(node: Node, segment: KeySegment): Node {
  const known = node.children.get(segment.name)
  if (known) return known
  const made = emptyNode(node, segment.name)
  made.key = { start: segment.start, end: segment.end }
  node.children.set(segment.name, made)
  return made
}

function find(root: Node, path: TomlPath): Node | undefined {
  let node: Node | undefined = root
  for (const segment of path) {
    node = typeof segment === 'number' ? node?.elements[segment] : node?.children.get(segment)
  }
  return node
}

function pathOf(node: Node): TomlPath {
  const path: (string | number)[] = []
  for (let at = node; at.parent; at = at.parent) path.push(at.segment)
  return path.reverse()
}

function emptyNode(parent: Node | undefined, segment: string | number): Node {
  return { parent, segment, key: undefined, value: undefined, children: new Map(), elements: [], tables: false }
}
