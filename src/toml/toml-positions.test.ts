import { parse } from 'smol-toml'
import { describe, expect, test } from 'vitest'
import { fc } from '../../test/harness/properties.ts'
import { tomlPositions, type TomlPath } from './toml-positions.ts'

/** What stands at the place of a key and of its value. */
function found(text: string, ...path: TomlPath): [string | undefined, string | undefined] {
  const positions = tomlPositions(text)
  const [key, value] = [positions.key(path), positions.value(path)]
  return [key && text.slice(key.start, key.end), value && text.slice(value.start, value.end)]
}

describe('tomlPositions', () => {
  test.each<[string, string, TomlPath, [string | undefined, string | undefined]]>([
    ['a plain key', 'a = 1', ['a'], ['a', '1']],
    ['a key with a basic quotation', '"a b" = 1 # c', ['a b'], ['"a b"', '1']],
    [
      'a key with escapes',
      '"\\u0061\\x62\\U0001F600\\n\\"" = 1',
      ['ab😀\n"'],
      ['"\\u0061\\x62\\U0001F600\\n\\""', '1'],
    ],
    ['a key with a literal quotation', "'a\\b' = 1", ['a\\b'], ["'a\\b'", '1']],
    ['an empty key', '"" = 1', [''], ['""', '1']],
    ['a dotted key', 'a . "b.c" .d = 1', ['a', 'b.c', 'd'], ['d', '1']],
    ['what a dotted key makes', 'a.b = 1', ['a'], ['a', undefined]],
    ['a table', '[ a . b ]\nc = 1', ['a', 'b'], ['b', undefined]],
    ['a key in a table', '[ a . b ]\nc = 1', ['a', 'b', 'c'], ['c', '1']],
    ['an array of tables', '[[a]]\n[[a]]\nb = 1', ['a'], ['a', undefined]],
    ['an element of an array of tables', '[[a]]\n[[ a ]]\nb = 1', ['a', 1], ['[[ a ]]', undefined]],
    ['a key in an array of tables', '[[a]]\n[[a]]\nb = 1', ['a', 1, 'b'], ['b', '1']],
    ['a table in an array of tables', '[[a]]\n[a.b]\n[[a]]\n[a.b]\nc = 1', ['a', 1, 'b', 'c'], ['c', '1']],
    ['nested arrays of tables', '[[a]]\n[[a.b]]\n[[a.b]]\nc = 1', ['a', 0, 'b', 1, 'c'], ['c', '1']],
    ['an array', 'a = [1, # ]\n "]", [2,],]', ['a'], ['a', '[1, # ]\n "]", [2,],]']],
    ['an element of an array', 'a = [1, # ]\n "]", [2,],]', ['a', 1], ['"]"', '"]"']],
    ['an element of a nested array', 'a = [1, # ]\n "]", [2,],]', ['a', 2, 0], ['2', '2']],
    ['an inline table', 'a = { b.c = 1, d = {} }', ['a'], ['a', '{ b.c = 1, d = {} }']],
    ['a key in an inline table', 'a = {\n b.c = 1, # }\n d = {},\n}', ['a', 'd'], ['d', '{}']],
    ['a table in an array', 'a = [{b = 1}, {b = 2}]', ['a', 1, 'b'], ['b', '2']],
    ['a string that looks like TOML', 'a = "[b]\\" c = 1"\nd = 2', ['d'], ['d', '2']],
    ['a multi-line string', 'a = """\n[b]\nc = 1\\"""""\nd = 2', ['a'], ['a', '"""\n[b]\nc = 1\\"""""']],
    ['what follows a multi-line string', "a = '''\n[b]\\'''\nd = 2", ['d'], ['d', '2']],
    ['a string that ends in quotation marks', 'a = """b"""""\nd = 2', ['a'], ['a', '"""b"""""']],
    [
      'a date and a time apart',
      'a = [1979-05-27 07:32:00Z , 2]',
      ['a', 0],
      ['1979-05-27 07:32:00Z', '1979-05-27 07:32:00Z'],
    ],
    ['what follows CR LF', '[a]\r\n\r\nb = 1\r\n', ['a', 'b'], ['b', '1']],
    ['what follows a byte order mark', '\uFEFFa = 1', ['a'], ['a', '1']],
    ['__proto__', '[__proto__]\nconstructor = 1', ['__proto__', 'constructor'], ['constructor', '1']],
    ['nothing for a key that is not there', 'a = 1', ['b', 'c'], [undefined, undefined]],
    ['nothing for an element that is not there', 'a = [1]', ['a', 1], [undefined, undefined]],
  ])('finds %s', (_, text, path, expected) => {
    expect(() => parse(text)).not.toThrow()
    expect(found(text, ...path)).toEqual(expected)
  })

  test('gives the keys of a table in the order of the text', () => {
    const positions = tomlPositions('[d.10]\n[d.9]\n[d.__proto__]\n[d.9.x]\n[d.a]')
    expect(positions.keys(['d'])).toEqual(['10', '9', '__proto__', 'a'])
    expect(positions.keys([])).toEqual(['d'])
    expect(positions.keys(['e'])).toEqual([])
  })

  test.each([
    ['a = 1\na = 2', ['a'], 0, 6],
    ['[a]\nb = 1\n[a]', ['a'], 1, 11],
    ['[a]\nb = 1\n[a]\nb = 2', ['a', 'b'], 4, 14],
    ['a = { b = 1, b = 2 }', ['a', 'b'], 6, 13],
    ['a = [{ b = 1, b = 2 }]', ['a', 0, 'b'], 7, 14],
  ])('tells that a key is written twice: %j', (text, path, first, again) => {
    expect(() => parse(text)).toThrow(/redefine/)
    const { repetitions } = tomlPositions(text)
    expect(repetitions.map((one) => [one.path, one.first.start, one.again.start])).toContainEqual([path, first, again])
  })

  test('never throws and always ends, whatever the text', () => {
    const piece = fc.constantFrom(...'[]{}=.,#"\'\\\n\r\t ab1-', '"""', "'''", '[[', '\uFEFF', '😀', '\0', '${')
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
        expect(tomlPositions(pieces.join(''))).toBeDefined()
      }),
      { numRuns: 3000 },
    )
  })

  test.each([
    ['brackets', '['.repeat(200_000)],
    ['braces', `a = ${'{a='.repeat(200_000)}`],
    ['array brackets', `a = ${'['.repeat(200_000)}`],
    ['a long dotted key', `${'a.'.repeat(200_000)}a = 1`],
    ['many comments', '#\n'.repeat(200_000)],
    ['many escapes', `a = "${'\\n'.repeat(200_000)}"`],
    ['many keys', Array.from({ length: 100_000 }, (_, index) => `a${index} = 1`).join('\n')],
  ])('reads %s without end', (_, text) => {
    expect(tomlPositions(text)).toBeDefined()
  })
})

/** A document under construction, which notes the place of whatever it writes. */
interface Written {
  text: string
  readonly places: { path: TomlPath; key: [number, number] | undefined; value: [number, number] | undefined }[]
}

interface Layout {
  readonly newline: string
  readonly pick: <T>(choices: readonly T[]) => T
}

type Value =
  | { readonly kind: 'scalar'; readonly text: string }
  | { readonly kind: 'array'; readonly elements: readonly Value[] }
  | { readonly kind: 'inline'; readonly pairs: readonly Pair[] }
type Pair = readonly [keys: readonly string[], value: Value]
interface Table {
  readonly name: string
  readonly repeated: boolean
  readonly pairs: readonly Pair[]
  readonly tables: readonly Table[]
}

const name = fc.oneof(
  fc.constantFrom('a', 'b-c', '1', '10', '__proto__', 'constructor', 'url', '-', '_'),
  fc.constantFrom('', ' ', 'a.b', '"', "'", '#', '[x]', '= 1', '😀', 'é\u0301', '\\', '\n', '\u0000', '{', ']'),
  fc.string({ unit: 'binary', maxLength: 6 }),
)

const scalars = [
  ['1', '-1_000', '0xFF', '1.5e-3', 'inf', 'true', 'false', '1979-05-27', '1979-05-27 07:32:00', '07:32:00.5'],
  ['""', '"a"', '"# [x]"', '"\\"\\\\"', '"${A:-b}"', "''", "'\\'", "'[a] = \"'", '"é😀"'],
  ['""""""', '"""\n[x]\ny = 1\n"""', '"""a"b""c\\""""', '"""x"""""', "''''''", "'''\n# 'a' ''\n'''", '"""\\\n  x"""'],
]
const scalar = fc.constantFrom(...scalars.flat()).map((text): Value => ({ kind: 'scalar', text }))

/** Pairs whose first names differ, so that no key is defined twice. */
function pairsOf(value: fc.Arbitrary<Value>): fc.Arbitrary<readonly Pair[]> {
  return fc.uniqueArray(fc.tuple(fc.array(name, { minLength: 1, maxLength: 3 }), value), {
    maxLength: 4,
    selector: ([keys]) => keys[0],
  })
}

const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }).map((elements): Value => ({ kind: 'array', elements })),
    pairsOf(tie('value')).map((pairs): Value => ({ kind: 'inline', pairs })),
  ),
}))

const { table } = fc.letrec<{ table: Table }>((tie) => ({
  table: fc.record({
    name,
    repeated: fc.boolean(),
    pairs: pairsOf(value),
    tables: fc.oneof({ maxDepth: 3 }, fc.constant([]), fc.array(tie('table'), { maxLength: 3 })),
  }),
}))

test('the place of every key and value of a random document is where the document has it', () => {
  const documents = fc.record({
    pairs: pairsOf(value),
    tables: fc.array(table, { maxLength: 4 }),
    windows: fc.boolean(),
    choices: fc.infiniteStream(fc.nat(1000)),
  })
  fc.assert(
    fc.property(documents, ({ pairs, tables, windows, choices }) => {
      const written: Written = { text: '', places: [] }
      const pick = <T>(options: readonly T[]): T => options[(choices.next().value ?? 0) % options.length] as T
      const layout: Layout = { newline: windows ? '\r\n' : '\n', pick }
      writePairs(written, layout, [], pairs)
      writeTables(written, layout, [], [], tables, new Set(pairs.map(([keys]) => keys[0] ?? '')))

      const { text } = written
      const document: unknown = parse(text)
      const positions = tomlPositions(text)
      for (const { path, key, value: place } of written.places) {
        expect(
          path.reduce<unknown>((inside, part) => (inside as Record<string, unknown>)[part], document),
        ).toBeDefined()
        expect(positions.key(path)).toEqual(key && { start: key[0], end: key[1] })
        expect(positions.value(path)).toEqual(place && { start: place[0], end: place[1] })
      }
    }),
    { numRuns: 600 },
  )
})

function writePairs(written: Written, layout: Layout, base: TomlPath, pairs: readonly Pair[]): void {
  for (const pair of pairs) {
    writeFiller(written, layout)
    writePair(written, layout, base, pair)
    written.text += layout.pick(['', ' ', '\t # "x" [y] = ']) + layout.newline
  }
}

function writePair(written: Written, layout: Layout, base: TomlPath, [keys, inside]: Pair): void {
  const key = writeKey(written, layout, base, keys)
  written.text += layout.pick(['=', ' = ', '\t=  '])
  const path = [...base, ...keys]
  written.places.push({ path, key, value: writeValue(written, layout, path, inside) })
}

function writeKey(written: Written, layout: Layout, base: TomlPath, keys: readonly string[]): [number, number] {
  let place: [number, number] = [0, 0]
  keys.forEach((one, index) => {
    if (index > 0) written.text += layout.pick(['.', ' . ', '\t.'])
    const start = written.text.length
    written.text += spell(layout, one)
    place = [start, written.text.length]
    if (index < keys.length - 1)
      written.places.push({ path: [...base, ...keys.slice(0, index + 1)], key: place, value: undefined })
  })
  return place
}

function writeValue(written: Written, layout: Layout, path: TomlPath, inside: Value): [number, number] {
  const start = written.text.length
  if (inside.kind === 'scalar') written.text += inside.text.replaceAll('\n', layout.newline)
  else {
    written.text += inside.kind === 'array' ? '[' : '{'
    const length = inside.kind === 'array' ? inside.elements.length : inside.pairs.length
    for (let index = 0; index < length; index += 1) {
      writeGap(written, layout)
      if (inside.kind === 'inline') writePair(written, layout, path, inside.pairs[index] as Pair)
      else {
        const element = [...path, index]
        const place = writeValue(written, layout, element, inside.elements[index] as Value)
        written.places.push({ path: element, key: place, value: place })
      }
      writeGap(written, layout)
      if (index < length - 1 || layout.pick([false, true])) written.text += ','
    }
    writeGap(written, layout)
    written.text += inside.kind === 'array' ? ']' : '}'
  }
  return [start, written.text.length]
}

/** Tables with distinct names; a repeated one is written as an array of two tables with the same content. */
function writeTables(
  written: Written,
  layout: Layout,
  base: TomlPath,
  header: readonly string[],
  tables: readonly Table[],
  taken: Set<string>,
): void {
  for (const one of tables) {
    if (taken.has(one.name)) continue
    taken.add(one.name)
    for (let index = 0; index < (one.repeated ? 2 : 1); index += 1) {
      const keys = [...header, one.name]
      const path = one.repeated ? [...base, one.name, index] : [...base, one.name]
      writeFiller(written, layout)
      const start = written.text.length
      written.text += one.repeated ? '[[' : '['
      written.text += layout.pick(['', ' '])
      const before = written.places.length
      const key = writeKey(written, layout, [], keys)
      // The names before the last have their place where they were first written.
      written.places.length = before
      if (index === 0) written.places.push({ path: [...base, one.name], key, value: undefined })
      written.text += one.repeated ? ']]' : ']'
      if (one.repeated) written.places.push({ path, key: [start, written.text.length], value: undefined })
      written.text += layout.newline
      writePairs(written, layout, path, one.pairs)
      writeTables(written, layout, path, keys, one.tables, new Set(one.pairs.map(([names]) => names[0] ?? '')))
    }
  }
}

function writeFiller(written: Written, layout: Layout): void {
  written.text += layout.pick(['', '', layout.newline, `# [a] = """${layout.newline}`, `  ${layout.newline}\t`])
}

function writeGap(written: Written, layout: Layout): void {
  written.text += layout.pick(['', '', ' ', layout.newline, ` # ]},"${layout.newline}\t`])
}

function spell(layout: Layout, text: string): string {
  const spellings = [quoted(text)]
  if (/^[A-Za-z0-9_-]+$/.test(text)) spellings.push(text, text)
  if (!/['\u0000-\u0008\u000a-\u001f\u007f]/.test(text)) spellings.push(`'${text}'`)
  return layout.pick(spellings)
}

function quoted(text: string): string {
  const inner = [...text].map((character) => {
    const code = character.codePointAt(0) ?? 0
    if (character === '"' || character === '\\') return `\\${character}`
    return code < 32 || code === 127 ? `\\u${code.toString(16).padStart(4, '0')}` : character
  })
  return `"${inner.join('')}"`
}
