import { expect, test } from 'vitest'
import { applyFixes } from './apply-fixes.ts'

const header = { start: 0, end: 0, text: 'top\n' }
const fix = (...edits: { start: number; end: number; text: string }[]) => ({ description: 'It.', edits })

test('edits are applied at the offsets of the text as it was', () => {
  const fixes = [fix({ start: 1, end: 1, text: '1' }), fix({ start: 2, end: 3, text: '' })]
  expect(applyFixes('abcd', fixes)).toEqual({ text: 'a1bd', applied: fixes })
})

test('what two fixes say alike is done once, before what else stands there', () => {
  const fixes = [fix(header, { start: 1, end: 1, text: 'x' }), fix(header, { start: 0, end: 0, text: 'y' })]
  expect(applyFixes('ab', fixes).text).toBe('top\nyaxb')
})

test('a fix that gets in the way of another is left out as a whole', () => {
  const [first, second] = [
    fix({ start: 0, end: 3, text: '' }),
    fix({ start: 2, end: 4, text: 'z' }, { start: 5, end: 5, text: '!' }),
  ]
  expect(applyFixes('abcde', [first, second])).toEqual({ text: 'de', applied: [first] })
})

test('without fixes the text stays', () => {
  expect(applyFixes('a😀b', [])).toEqual({ text: 'a😀b', applied: [] })
})
