import { createScanner, parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser'
import { deepest, tooDeep, type Entry, type ReadNode, type SyntaxProblem, type ValueNode } from './value-node.ts'

/** Reads JSON, with every number as the text has it. It never throws. */
export function jsonNodes(text: string): ReadNode {
  const deep = depthProblem(text)
  if (deep !== undefined) return { problems: [deep] }
  const errors: ParseError[] = []
  const root = parseTree(text, errors, { disallowComments: true })
  if (errors.length > 0 || root === undefined) {
    const reason = errors[0] === undefined ? 'ValueExpected' : printParseErrorCode(errors[0].error)
    return { problems: [syntaxProblem(errors[0]?.offset ?? 0, reason)] }
  }
  const problems: SyntaxProblem[] = []
  const node = convert(text, root, problems)
  return problems.length > 0 ? { problems } : { node }
}

function convert(text: string, node: Node, problems: SyntaxProblem[]): ValueNode {
  const { offset: at, length, children = [] } = node
  switch (node.type) {
    case 'array':
      return { kind: 'list', items: children.map((child) => convert(text, child, problems)), at }
    case 'object':
      return { kind: 'table', entries: entriesOf(text, children, problems), at }
    case 'string':
      return { kind: 'text', text: String(node.value), at }
    case 'number':
      return { kind: 'number', text: text.slice(at, at + length), at }
    case 'boolean':
      return { kind: 'boolean', value: node.value === true, at }
    default:
      return { kind: 'null', at }
  }
}

function entriesOf(text: string, members: readonly Node[], problems: SyntaxProblem[]): Entry[] {
  const entries = new Map<string, Entry>()
  for (const { children: [key, value] = [] } of members) {
    if (key === undefined || value === undefined) continue
    const name = String(key.value)
    if (entries.has(name)) problems.push(writtenTwice(name, key.offset))
    else entries.set(name, { key: name, keyAt: key.offset, value: convert(text, value, problems) })
  }
  return [...entries.values()]
}

/** What is said of a key that stands twice. */
export function writtenTwice(name: string, at: number): SyntaxProblem {
  return { at, message: `${JSON.stringify(name)} is written twice.`, remedy: 'Keep one of the two.' }
}

// The tree is built by recursion, so the depth is looked at beforehand.
function depthProblem(text: string): SyntaxProblem | undefined {
  const scanner = createScanner(text, true)
  let depth = 0
  for (scanner.scan(); scanner.getTokenOffset() < text.length; scanner.scan()) {
    const first = text[scanner.getTokenOffset()]
    if (first === '{' || first === '[') depth += 1
    else if (first === '}' || first === ']') depth -= 1
    if (depth > deepest) return tooDeep(scanner.getTokenOffset())
  }
  return undefined
}

function syntaxProblem(at: number, reason: string): SyntaxProblem {
  const words = reason.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase()
  return {
    at,
    message: `The text is not valid JSON: ${words}.`,
    remedy: 'Correct it at this place; https://www.json.org describes the format.',
  }
}
