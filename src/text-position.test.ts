import { expect, test } from 'vitest'
import { codePoints, excerpt, lineAndColumn, offsetOfCodePoint, placeIn } from './text-position.ts'

test.each([
  ['the beginning', 'abc', 0, 1, 1],
  ['the middle of a line', 'abc', 2, 1, 3],
  ['the end of the text', 'abc', 3, 1, 4],
  ['an offset beyond the end', 'abc', 9, 1, 4],
  ['an offset before the beginning', 'abc', -1, 1, 1],
  ['an empty text', '', 0, 1, 1],
  ['a line feed, which belongs to the line that it ends', 'a\nb', 1, 1, 2],
  ['the line after a line feed', 'a\nb', 2, 2, 1],
  ['the line after CR LF', 'a\r\nb', 3, 2, 1],
  ['the line feed of CR LF', 'a\r\nb', 2, 1, 3],
  ['the line after a lone CR', 'a\rb', 2, 2, 1],
  ['the line after empty lines', '\n\n\nb', 3, 4, 1],
  ['a column after characters outside the BMP', '😀😀x', 4, 1, 3],
  ['a column after characters of several bytes', 'äöx', 2, 1, 3],
])('lines and columns are counted from 1: %s', (_, text, offset, line, column) => {
  expect(lineAndColumn(text, offset)).toEqual({ line, column })
})

test('a place is written as path, line and column', () => {
  expect(placeIn('migrations/001_a.sql', 'select\n  x', 9)).toBe('migrations/001_a.sql:2:3')
})

test.each([
  ['a line in the middle', 'a\nselect x\nb', 9, ['select x', '       ^']],
  ['a line with tabs, which stay tabs under them', '\tselect\tx', 8, ['\tselect\tx', '\t      \t^']],
  ['the end of the text', 'abc', 3, ['abc', '   ^']],
  ['a line that ends in CR LF', 'ab\r\nc', 1, ['ab', ' ^']],
  ['an empty text', '', 0, ['', '^']],
  ['a line feed itself', 'ab\ncd', 2, ['ab', '  ^']],
  ['the beginning of a line', 'ab\ncd', 3, ['cd', '^']],
  ['the line after a lone CR', 'ab\rcd', 4, ['cd', ' ^']],
  ['characters outside the BMP', '😀x', 2, ['😀x', ' ^']],
  ['characters that would steer a terminal', 'a\u001b[2J\u202eb', 6, ['a\ufffd[2J\ufffdb', '      ^']],
])('an excerpt shows the line and a caret under the place: %s', (_, text, offset, lines) => {
  expect(excerpt(text, offset)).toEqual(lines)
})

test('an excerpt of a long line shows the part around the place', () => {
  const [line = '', caret = ''] = excerpt(`${'a'.repeat(5_000)}X${'b'.repeat(5_000)}`, 5_000)
  expect(line).toBe(`…${'a'.repeat(99)}X${'b'.repeat(98)}…`)
  expect(line[caret.length - 1]).toBe('X')
})

test('an excerpt costs no more than its text is long', () => {
  const text = `${'a'.repeat(2_000_000)}\n${'😀'.repeat(1_000_000)}X`
  const [line = '', caret = ''] = excerpt(text, text.length - 1)
  expect([line.startsWith('…😀'), [...line].length, caret]).toEqual([true, 101, `${' '.repeat(100)}^`])
})

test('characters and UTF-16 units convert into each other', () => {
  expect(codePoints('a😀é')).toBe(3)
  expect([0, 1, 2, 3, 9].map((count) => offsetOfCodePoint('a😀é', count))).toEqual([0, 1, 3, 4, 4])
})
