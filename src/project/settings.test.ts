import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { settingNames, settingOf } from './settings.ts'
import { settingsTable } from './settings-table.ts'
import { checkText, checkToml } from './values.ts'

describe.each(settingNames)('%s', (name) => {
  const setting = settingOf(name)
  const { key } = setting

  test('has the name in files that its name in code stands for', () => {
    expect(key).toBe(name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`))
  })

  test('is described in one sentence', () => {
    expect(setting.description).toMatch(/^[A-Z][^\n|]+\.$/)
  })

  test('has a variable of its own, and a value from it is checked', () => {
    expect(setting.variables).toEqual(key === 'url' ? ['DATABASE_URL', 'DB_URL'] : [`METASTORE_${key.toUpperCase()}`])
    expect(checkText(setting, '\0')).toHaveProperty('fault')
  })
})

test.each(settingNames.filter((name) => settingOf(name).default !== null))('the default of %s fits it', (name) => {
  const { default: written } = settingOf(name)
  expect(checkToml(settingOf(name), typeof written === 'number' ? BigInt(written) : written)).toHaveProperty('value')
})

const flagged = settingNames.filter((name) => settingOf(name).flag !== null)

test.each(flagged)(
  'the flag of %s is its own, and takes an argument unless it is a boolean or stands for a value',
  (name) => {
    const { flag, kind, flagValue } = settingOf(name)
    if (flagValue !== undefined) expect(checkText(settingOf(name), flagValue)).toEqual({ value: flagValue })
    expect(flag).toMatch(
      kind === 'boolean' || flagValue !== undefined ? /^--[a-z-]+$/ : /^--[a-z-]+ <[a-z]+(?:\.\.\.)?>$/,
    )
    expect(flagged.filter((other) => settingOf(other).flag === flag)).toEqual([name])
  },
)

test('the manual holds the table of settings as the code has it', () => {
  const page = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8')
  const [, table] = /<!-- settings -->\n([^]*)<!-- \/settings -->/.exec(page) ?? []
  expect(table?.trim()).toBe(settingsTable().trim())
})
