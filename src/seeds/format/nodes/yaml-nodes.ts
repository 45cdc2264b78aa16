import { isAlias, isMap, isPair, isScalar, isSeq, LineCounter, parseAllDocuments, type Document, type Node } from 'yaml'
import { writtenTwice } from './json-nodes.ts'
import { plainNumber, type Entry, type ReadNode, type SyntaxProblem, type ValueNode } from './value-node.ts'

/** Reads YAML 1.2, with every number as the text has it; anchors may be used again. It never throws. */
export function yamlNodes(text: string): ReadNode {
  const documents = parseAllDocuments(text, { lineCounter: new LineCounter(), uniqueKeys: false, intAsBigInt: true })
  const [document, second] = Array.isArray(documents) ? documents : []
  if (document === undefined) return { node: { kind: 'table', entries: [], at: 0 } }
  if (second !== undefined) {
    const at = second.range[0]
    return { problems: [{ at, message: 'The file holds more than one document.', remedy: 'Make it one.' }] }
  }
  const problems: SyntaxProblem[] = document.errors.map(({ pos, message }) => syntaxProblem(pos[0], message))
  if (problems.length > 0) return { problems }
  const reading: Reading = { document, problems, left: mostNodes, depth: 0 }
  const node = convert(reading, document.contents)
  return problems.length > 0 ? { problems } : { node }
}

/** A few anchors that name each other would make a document without end ("billion laughs"). */
const mostNodes = 5_000_000
const deepestYaml = 200

interface Reading {
  readonly document: Document
  readonly problems: SyntaxProblem[]
  left: number
  depth: number
}

function convert(reading: Reading, node: Node | null | undefined): ValueNode {
  const at = node?.range?.[0] ?? 0
  if (--reading.left < 0 || reading.depth > deepestYaml) {
    if (reading.problems.length === 0) {
      reading.problems.push({ at, message: 'The file is nested too deeply.', remedy: 'Make it flatter.' })
    }
    return { kind: 'null', at }
  }
  reading.depth += 1
  try {
    if (isAlias(node)) return convert(reading, node.resolve(reading.document))
    if (isSeq(node)) return { kind: 'list', items: node.items.map((item) => convert(reading, item as Node)), at }
    if (isMap(node)) return { kind: 'table', entries: entriesOf(reading, node.items), at }
    return isScalar(node) ? scalar(node.value, node.source, at) : { kind: 'null', at }
  } finally {
    reading.depth -= 1
  }
}

function entriesOf(reading: Reading, items: readonly unknown[]): Entry[] {
  const entries = new Map<string, Entry>()
  for (const item of items) {
    if (!isPair<Node, Node | null>(item)) continue
    const keyAt = item.key.range?.[0] ?? 0
    const key = isScalar(item.key) ? (item.key.source ?? String(item.key.value)) : ''
    if (!isScalar(item.key)) {
      reading.problems.push({ at: keyAt, message: 'A key must be a text.', remedy: 'Write a plain key.' })
    } else if (entries.has(key)) reading.problems.push(writtenTwice(key, keyAt))
    else entries.set(key, { key, keyAt, value: convert(reading, item.value) })
  }
  return withMerged([...entries.values()])
}

// `<<` takes over what other tables say and this one does not, the first of them first (https://yaml.org/type/merge.html).
function withMerged(entries: readonly Entry[]): Entry[] {
  const merge = entries.find(({ key }) => key === '<<')?.value
  const merged = merge?.kind === 'list' ? merge.items : merge === undefined ? [] : [merge]
  if (merged.length === 0 || !merged.every((one) => one.kind === 'table')) return [...entries]
  const all = new Map(entries.filter(({ key }) => key !== '<<').map((entry) => [entry.key, entry]))
  for (const entry of merged.flatMap((one) => one.entries)) if (!all.has(entry.key)) all.set(entry.key, entry)
  return [...all.values()]
}

function scalar(value: unknown, source: string | undefined, at: number): ValueNode {
  switch (typeof value) {
    case 'string':
      return { kind: 'text', text: value, at }
    case 'boolean':
      return { kind: 'boolean', value, at }
    case 'number':
    case 'bigint':
      return { kind: 'number', text: plainNumber(source ?? String(value)), at }
    default:
      // What is tagged !!binary, as PostgreSQL reads bytes.
      if (value instanceof Uint8Array) return { kind: 'text', text: `\\x${Buffer.from(value).toString('hex')}`, at }
      return { kind: 'null', at }
  }
}

function syntaxProblem(at: number, message: string): SyntaxProblem {
  const reason = (message.split('\n', 1)[0] ?? '').replace(/ at line \d+, column \d+:?$/, '').replace(/\.$/, '')
  return {
    at,
    message: `The text is not valid YAML: ${reason}.`,
    remedy: 'Correct it at this place; https://yaml.org describes the format.',
  }
}
