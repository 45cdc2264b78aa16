import { createScanner, parseTree, printParseErrorCode, type Node, type ParseError } from 'jsonc-parser'
import type { KeyPath } from '../../actions/action.ts'
import { lineAndColumn } from '../../../text-position.ts'
import { deepest, type ActionDocument, type DocumentProblem, type Notation, type Span, type Table } from './document.ts'
import { shownPath } from './key-path.ts'

const notation: Notation = {
  language: 'JSON',
  table: 'object',
  list: 'array',
  pair: (key, value) => (key === undefined ? value : `${JSON.stringify(key)}: ${value}`),
}

/** Reads a file of actions that is written in JSON. It never throws. */
export function jsonDocument(text: string): ActionDocument {
  const tooDeep = depthProblem(text)
  if (tooDeep !== undefined) return refused([tooDeep])
  const errors: ParseError[] = []
  const root = parseTree(text, errors, { disallowComments: true })
  const [error] = errors
  if (error !== undefined) return refused([syntaxProblem(error.offset, printParseErrorCode(error.error))])
  if (root === undefined) return refused([syntaxProblem(0, 'ValueExpected')])
  const reading: Reading = { text, problems: [] }
  const data = valueOf(reading, root, [])
  if (root.type !== 'object') {
    const message = 'The file must hold an object.'
    return refused([{ offset: root.offset, message, remedy: 'Write { "actions": [ … ] }.' }])
  }
  const members = membersOf()
  const places = {
    key: (path: KeyPath) => spanOf(find(root, path, members)?.key),
    value: (path: KeyPath) => spanOf(find(root, path, members)?.value),
  }
  return { data: data as Table, problems: reading.problems, notation, ...places }
}

function refused(problems: readonly DocumentProblem[]): ActionDocument {
  return { data: undefined, problems, notation, key: () => undefined, value: () => undefined }
}

// The tree is built by recursion, so the depth is looked at beforehand.
function depthProblem(text: string): DocumentProblem | undefined {
  const scanner = createScanner(text, true)
  let depth = 0
  for (scanner.scan(); scanner.getTokenOffset() < text.length; scanner.scan()) {
    const offset = scanner.getTokenOffset()
    const first = text[offset]
    if (first === '{' || first === '[') depth += 1
    else if (first === '}' || first === ']') depth -= 1
    if (depth <= deepest) continue
    return { offset, message: 'The file is nested too deeply.', remedy: 'No action needs so many levels.' }
  }
  return undefined
}

function syntaxProblem(offset: number, code: string): DocumentProblem {
  return {
    offset,
    message: `The file is not valid JSON: ${reasons[code] ?? 'this cannot stand here'}.`,
    remedy: 'Correct it at the mark; https://www.json.org describes the format.',
  }
}

const reasons: Readonly<Record<string, string>> = {
  InvalidNumberFormat: 'a number is written wrongly',
  PropertyNameExpected: 'a key in double quotation marks is expected',
  ValueExpected: 'a value is expected',
  ColonExpected: 'a colon is expected',
  CommaExpected: 'a comma is expected',
  CloseBraceExpected: 'a closing brace is expected',
  CloseBracketExpected: 'a closing bracket is expected',
  EndOfFileExpected: 'it goes on after its end',
  InvalidCommentToken: 'it has no comments',
  UnexpectedEndOfComment: 'it has no comments',
  UnexpectedEndOfString: 'a string does not end on its line',
  UnexpectedEndOfNumber: 'a number is written wrongly',
  InvalidUnicode: 'an escape with \\u needs four hexadecimal digits',
  InvalidEscapeCharacter: 'a string has an escape that does not exist',
  InvalidCharacter: 'a string has a control character, which must be escaped',
}

interface Reading {
  readonly text: string
  readonly problems: DocumentProblem[]
}

// Not the library's own: it assigns to objects, where `__proto__` is not a key like others.
function valueOf(reading: Reading, node: Node, path: KeyPath): unknown {
  const { children = [] } = node
  if (node.type === 'array') return children.map((child, index) => valueOf(reading, child, [...path, index]))
  if (node.type !== 'object') return node.value as unknown
  const table = Object.create(null) as Record<string, unknown>
  const first = new Map<string, number>()
  for (const { children: [key, value] = [] } of children) {
    if (key === undefined || value === undefined) continue
    const named = String(key.value)
    const earlier = first.get(named)
    if (earlier !== undefined) reading.problems.push(repeated(reading.text, [...path, named], key.offset, earlier))
    else table[named] = valueOf(reading, value, [...path, named])
    first.set(named, earlier ?? key.offset)
  }
  return table
}

function repeated(text: string, path: KeyPath, offset: number, earlier: number): DocumentProblem {
  const { line, column } = lineAndColumn(text, earlier)
  return {
    offset,
    message: `${shownPath(path)} is written twice.`,
    remedy: `Keep one of the two; the other is on line ${line}, column ${column}.`,
  }
}

interface Place {
  readonly key: Node | undefined
  readonly value: Node
}

type Members = (node: Node) => ReadonlyMap<string, Place>

// The members of an object by their keys, found out once.
function membersOf(): Members {
  const known = new WeakMap<Node, ReadonlyMap<string, Place>>()
  return (node) => {
    const members = known.get(node) ?? new Map((node.children ?? []).toReversed().flatMap(memberOf))
    known.set(node, members)
    return members
  }
}

function memberOf({ children: [key, value] = [] }: Node): [string, Place][] {
  return key === undefined || value === undefined ? [] : [[String(key.value), { key, value }]]
}

function find(root: Node, path: KeyPath, members: Members): Place | undefined {
  let place: Place | undefined = { key: undefined, value: root }
  for (const part of path) {
    const node: Node | undefined = place?.value
    if (typeof part === 'string') place = node?.type === 'object' ? members(node).get(part) : undefined
    else {
      const value: Node | undefined = node?.type === 'array' ? node.children?.[part] : undefined
      place = value && { key: value, value }
    }
  }
  return place
}

function spanOf(node: Node | undefined): Span | undefined {
  return node && { start: node.offset, end: node.offset + node.length }
}
