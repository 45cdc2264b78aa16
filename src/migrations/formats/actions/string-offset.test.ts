import { expect, test } from 'vitest'
import { fc } from '../../../../test/harness/properties.ts'
import { jsonDocument } from './json-document.ts'
import { offsetInFile } from './string-offset.ts'
import { tomlDocument } from './toml-document.ts'

/** What stands in a file from the place on that a string has at its word `here`. */
function rest(source: string, read: typeof tomlDocument): string {
  const document = read(source)
  const value = document.data?.['a']
  const span = document.value(['a'])
  if (typeof value !== 'string' || span === undefined) return expect.unreachable('the key a has a string')
  return source.slice(offsetInFile(source, span, value, value.indexOf('here')))
}

test.each([
  ['a string', 'a = "x here"', 'here"'],
  ['a literal string', "a = 'x\\n here'", "here'"],
  ['a string with escapes', 'a = "\\"\\\\\\n\\u00e9\\U0001F600\\x41\\e here"', 'here"'],
  ['a string over lines', 'a = """\nx\n "" here"""', 'here"""'],
  ['a string over lines of Windows', 'a = """\r\nx\r\ny here"""', 'here"""'],
  ['a literal string over lines', "a = '''\nx\\here'''", "here'''"],
  ['a string with folded lines', 'a = """\\\n\n   x \\\n   here"""', 'here"""'],
  ['a string that begins with its word', 'a = """\\\n   here"""', 'here"""'],
  ['astral characters', 'a = "😀 here"', 'here"'],
])('finds the place in TOML in %s', (_, source, expected) => {
  expect(rest(source, tomlDocument)).toBe(expected)
})

test('finds the place in JSON in any string', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (before, after) => {
      fc.pre(!`${before}her`.includes('here'))
      const source = JSON.stringify({ a: `${before}here${after}` })
      expect(rest(source, jsonDocument).slice(0, 4)).toBe('here')
    }),
  )
})
