import { describe, expect, test } from 'vitest'
import type { Setting } from './setting.ts'
import { checkText, checkToml, faultMessage, type Checked } from './values.ts'

function setting(kind: Setting['kind'], more: Partial<Setting> = {}): Setting {
  return { key: 'x', kind, default: null, variables: [], flag: null, reach: 'all', description: '', ...more }
}

function told(checked: Checked): unknown {
  if ('value' in checked) return checked.value
  return [faultMessage('x', checked.fault), checked.fault.remedy]
}

const duration = 'x must be a duration such as "500ms", "30s", "10m" or "2h"'
const date = new Date(0)

type Case = readonly [declared: Setting, value: unknown, message: string, remedy: string]

// The message comes first, to be the test's name.
function byMessage(cases: readonly Case[]): [string, Case][] {
  return cases.map((one) => [one[2], one])
}

describe('a value of the wrong type is refused with what was expected, what was found and how to write it', () => {
  const inQuotes = 'Write x = "…", in quotes.'
  const asBoolean = 'Write x = true or x = false, without quotes.'
  const asList = 'Write it in brackets, each path in quotes: x = ["…"].'
  const asDuration = 'Write x = "30s", in quotes.'
  test.each(
    byMessage([
      [setting('string'), 1n, 'x must be a string, not an integer.', inQuotes],
      [setting('string'), 1.5, 'x must be a string, not a floating-point number.', inQuotes],
      [setting('string'), true, 'x must be a string, not a boolean.', inQuotes],
      [setting('string'), date, 'x must be a string, not a date or time.', inQuotes],
      [setting('url'), [], 'x must be a string, not an array.', inQuotes],
      [setting('url'), {}, 'x must be a string, not a table.', inQuotes],
      [setting('identifier'), [{}], 'x must be a string, not an array of tables.', inQuotes],
      [setting('choice', { choices: ['a'] }), 1n, 'x must be a string, not an integer.', inQuotes],
      [setting('boolean'), 'true', 'x must be a boolean, not a string.', asBoolean],
      [setting('boolean'), 1n, 'x must be a boolean, not an integer.', asBoolean],
      [setting('integer'), '1', 'x must be an integer, not a string.', 'Write digits only, without quotes.'],
      [
        setting('integer'),
        1,
        'x must be an integer, not a floating-point number.',
        'Write digits only, without quotes.',
      ],
      [
        setting('duration'),
        10n,
        `${duration}, not an integer.`,
        'Add the unit, in quotes: x = "10s" for seconds, "10ms" for milliseconds.',
      ],
      [setting('duration'), 10n ** 30n, `${duration}, not an integer.`, asDuration],
      [setting('duration'), 1.5, `${duration}, not a floating-point number.`, asDuration],
      [setting('duration'), date, `${duration}, not a date or time.`, asDuration],
      [setting('directories'), 'a', 'x must be an array of strings, not a string.', asList],
      [setting('directories'), {}, 'x must be an array of strings, not a table.', asList],
      [
        setting('directories'),
        ['a', 1n],
        'x must be a string, not an integer.',
        'Write the path of a directory, in quotes.',
      ],
      [
        setting('directories'),
        [['a']],
        'x must be a string, not an array.',
        'Write the path of a directory, in quotes.',
      ],
    ]),
  )('%s', (_, [declared, value, message, remedy]) => {
    expect(told(checkToml(declared, value))).toEqual([message, remedy])
  })
})

describe('a text that does not fit is refused', () => {
  const anyUnit = 'Give a number and, right behind it, a unit: ms, s, m or h.'
  const most = Number.MAX_SAFE_INTEGER
  const emptyValue = 'Give a value, or leave the setting out for its default.'
  test.each(
    byMessage([
      [setting('string'), '', 'x must not be empty.', emptyValue],
      [setting('identifier'), ' \t', 'x must not be empty.', emptyValue],
      [setting('url'), '', 'x must not be empty.', 'Give a database URL, or leave the setting out for its default.'],
      [setting('url'), 'a\0', 'x must not hold a zero byte.', 'Remove the zero byte.'],
      [
        setting('identifier'),
        'é'.repeat(32),
        'x must be a name of at most 63 bytes, not one of 64.',
        'Choose a name of at most 63 bytes.',
      ],
      [setting('boolean'), 'maybe', 'x must be true or false, not "maybe".', 'Give true or false.'],
      [setting('integer'), '1.5', 'x must be an integer, not "1.5".', 'Give digits only.'],
      [setting('integer'), '-1', `x must be an integer from 0 to ${most}.`, `Give an integer from 0 to ${most}.`],
      [
        setting('integer'),
        '9007199254740992',
        `x must be an integer from 0 to ${most}.`,
        `Give an integer from 0 to ${most}.`,
      ],
      [
        setting('integer', { least: 1 }),
        '0',
        `x must be an integer from 1 to ${most}.`,
        `Give an integer from 1 to ${most}.`,
      ],
      [setting('duration'), '10', `${duration}, not "10".`, 'Add the unit: ms, s, m or h, as in 10s.'],
      [setting('duration'), '10 minutes', `${duration}, not "10 minutes".`, anyUnit],
      [setting('duration'), 'postgres://u:hunter2@h', `${duration}, not a string of another form.`, anyUnit],
      [setting('duration'), '\u001b[31m1s', `${duration}, not a string of another form.`, anyUnit],
      [
        setting('duration'),
        '1000h',
        'x must be a duration of at most 24 days, not "1000h".',
        'Give at most 576h, with at most three decimals.',
      ],
      [setting('duration', { least: 1 }), '0s', 'x must be at least 1ms, not "0s".', 'Give a duration of 1ms or more.'],
      [
        setting('directories'),
        'a,,b',
        'x must not be empty.',
        'Give the path of a directory, or leave the setting out for its default.',
      ],
      [
        setting('choice', { choices: ['a', 'b'] }),
        'c',
        'x must be one of its choices, not "c".',
        'Give one of these: a, b.',
      ],
    ]),
  )('%s', (_, [declared, text, message, remedy]) => {
    expect(told(checkText(declared, String(text)))).toEqual([message, remedy])
  })
})

test.each<[Setting, unknown, unknown]>([
  [setting('string'), 'any thing', 'any thing'],
  [setting('boolean'), false, false],
  [setting('integer'), 7n, 7],
  [setting('duration'), '1.5s', 1500],
  [setting('directories'), ['a', '../b', 'ç,d'], ['a', '../b', 'ç,d']],
  [setting('directories'), [], []],
  [setting('choice', { choices: ['a', 'b'] }), 'b', 'b'],
  [setting('identifier'), 'é'.repeat(31) + 'x', 'é'.repeat(31) + 'x'],
])('a value that fits is taken: %o', (declared, value, expected) => {
  expect(told(checkToml(declared, value))).toEqual(expected)
})

test.each<[Setting, string, unknown]>([
  [setting('boolean'), 'TRUE', true],
  [setting('boolean'), '1', true],
  [setting('boolean'), 'false', false],
  [setting('boolean'), '0', false],
  [setting('integer'), '+12', 12],
  [setting('directories'), 'a, b', ['a', 'b']],
])('a text that fits is taken: %j %j', (declared, text, expected) => {
  expect(told(checkText(declared, text))).toEqual(expected)
})
