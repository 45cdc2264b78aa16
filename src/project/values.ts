import { durationForm, longestDuration, formatDuration, parseDuration } from './durations.ts'
import { parseWindows, windowsForm } from './maintenance-windows.ts'
import type { Setting } from './setting.ts'

/** A value that fits its setting, before paths are resolved: a duration in milliseconds, directories as written. */
export type PlainValue = string | number | boolean | readonly string[]

/** Why a value does not fit its setting, so that a sentence can be made with the setting as its subject. */
export interface Fault {
  /** What follows the subject: `must be a boolean`. */
  readonly verdict: string
  /** What was found instead, where it is safe to say: `an integer`. */
  readonly found: string | undefined
  readonly remedy: string
  /** Which element of a list it is about. */
  readonly element?: number
}

/** A value that was looked at. */
export type Checked = { readonly value: PlainValue } | { readonly fault: Fault }

/**
 * Checks a value as the TOML parser gives it, with integers as bigint. Strings must be free of references, or have them
 * resolved.
 */
export function checkToml(setting: Setting, value: unknown): Checked {
  switch (setting.kind) {
    case 'boolean':
      if (typeof value === 'boolean') return { value }
      return wrongType('a boolean', value, `Write ${setting.key} = true or ${setting.key} = false, without quotes.`)
    case 'integer':
      if (typeof value === 'bigint') return checkInteger(setting, value)
      return wrongType('an integer', value, `Write digits only, without quotes.`)
    case 'directories':
    case 'command':
    case 'columns':
    case 'variables':
      return Array.isArray(value) ? checkElements(setting, value) : wrongList(setting, value)
    case 'duration':
      if (typeof value === 'string') return checkText(setting, value)
      return wrongType(durationForm, value, durationRemedy(setting, value))
    case 'string':
    case 'url':
    case 'identifier':
    case 'choice':
    case 'windows':
    case 'file':
      if (typeof value === 'string') return checkText(setting, value)
      return wrongType('a string', value, `Write ${setting.key} = "…", in quotes.`)
  }
}

/** Checks a value that is text whatever the setting's kind: of a flag, of an environment variable, or with references. */
export function checkText(setting: Setting, text: string): Checked {
  if (text.trim() === '') return { fault: empty(setting.kind === 'url' ? 'a database URL' : 'a value') }
  if (text.includes('\0')) return { fault: zeroByte }
  switch (setting.kind) {
    case 'string':
    case 'url':
    case 'file':
      return { value: text }
    case 'identifier':
      return checkIdentifier(text)
    case 'boolean':
      if (/^(?:true|1)$/i.test(text)) return { value: true }
      if (/^(?:false|0)$/i.test(text)) return { value: false }
      return wrongText('must be true or false', text, 'Give true or false.')
    case 'integer':
      if (/^[+-]?\d{1,30}$/.test(text)) return checkInteger(setting, BigInt(text))
      return wrongText('must be an integer', text, 'Give digits only.')
    case 'duration':
      return checkDuration(setting, text)
    case 'directories':
    case 'columns':
    case 'variables':
      return checkElements(
        setting,
        text.split(',').map((part) => part.trim()),
      )
    case 'windows':
      if (parseWindows(text) !== undefined) return { value: text.trim() }
      return wrongText(`must be ${windowsForm}`, text, windowsRemedy)
    case 'command':
      return checkElements(setting, text.trim().split(/\s+/))
    case 'choice':
      if (setting.choices?.includes(text)) return { value: text }
      return wrongText('must be one of its choices', text, `Give one of these: ${setting.choices?.join(', ') ?? ''}.`)
  }
}

/** A fault as a sentence about what it was found in. */
export function faultMessage(subject: string, { verdict, found }: Pick<Fault, 'verdict' | 'found'>): string {
  return `${subject} ${verdict}${found === undefined ? '' : `, not ${found}`}.`
}

/** What kind of value TOML holds, for messages that must not show the value itself. */
export function describeToml(value: unknown): string {
  if (value instanceof Date) return 'a date or time'
  if (Array.isArray(value)) return value.length > 0 && value.every(isTable) ? 'an array of tables' : 'an array'
  if (isTable(value)) return 'a table'
  switch (typeof value) {
    case 'string':
      return 'a string'
    case 'bigint':
      return 'an integer'
    case 'boolean':
      return 'a boolean'
    default:
      return 'a floating-point number'
  }
}

/** Whether a value that the TOML parser gave is a table. */
export function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
}

// What an element of each kind of list is called.
const elementNames = {
  directories: 'the path of a directory',
  command: 'the program, or an argument of it',
  columns: 'a column',
  variables: 'the name of a variable',
} as const

function isNamed(kind: Setting['kind']): kind is keyof typeof elementNames {
  return kind in elementNames
}

function checkElements(setting: Setting, elements: readonly unknown[]): Checked {
  const kind = isNamed(setting.kind) ? setting.kind : 'directories'
  const value: string[] = []
  for (const [element, path] of elements.entries()) {
    if (typeof path !== 'string') {
      const remedy = `Write ${elementNames[kind]}, in quotes.`
      return { fault: { verdict: 'must be a string', found: describeToml(path), remedy, element } }
    }
    if (path.trim() === '') return { fault: { ...empty(elementNames[kind]), element } }
    if (path.includes('\0')) return { fault: { ...zeroByte, element } }
    if (kind === 'columns' && !isColumnPath(path)) return { fault: { ...notAColumn, element } }
    value.push(path)
  }
  if (kind === 'command' && value.length === 0) return { fault: empty(elementNames.command) }
  return { value }
}

function isColumnPath(text: string): boolean {
  const parts = text.split('.')
  return (parts.length === 2 || parts.length === 3) && parts.every((part) => part !== '' && part.trim() === part)
}

const notAColumn: Fault = {
  verdict: 'must be a column of a table',
  found: undefined,
  remedy: 'Write "table.column" or "schema.table.column".',
}

// PostgreSQL cuts longer names off without an error, and two that differ behind the cut would become one.
function checkIdentifier(text: string): Checked {
  const bytes = Buffer.byteLength(text)
  if (bytes <= 63) return { value: text }
  const remedy = 'Choose a name of at most 63 bytes.'
  return { fault: { verdict: `must be a name of at most 63 bytes`, found: `one of ${bytes}`, remedy } }
}

function checkInteger(setting: Setting, value: bigint): Checked {
  const least = setting.least ?? 0
  const most = Number.MAX_SAFE_INTEGER
  if (value >= least && value <= most) return { value: Number(value) }
  const remedy = `Give an integer from ${least} to ${most}.`
  return { fault: { verdict: `must be an integer from ${least} to ${most}`, found: undefined, remedy } }
}

function checkDuration(setting: Setting, text: string): Checked {
  const value = parseDuration(text)
  if (value !== undefined) {
    const least = setting.least ?? 0
    if (value >= least) return { value }
    const limit = formatDuration(least)
    return wrongText(`must be at least ${limit}`, text, `Give a duration of ${limit} or more.`)
  }
  if (/^\s*\d+(?:\.\d+)?\s*$/.test(text)) {
    return wrongText(`must be ${durationForm}`, text, `Add the unit: ms, s, m or h, as in ${text.trim()}s.`)
  }
  if (/^\s*\d+(?:\.\d+)?(?:ms|s|m|h)\s*$/.test(text)) {
    const days = Math.floor(longestDuration / 86_400_000)
    return wrongText(
      `must be a duration of at most ${days} days`,
      text,
      `Give at most ${days * 24}h, with at most three decimals.`,
    )
  }
  return wrongText(`must be ${durationForm}`, text, 'Give a number and, right behind it, a unit: ms, s, m or h.')
}

const windowsRemedy =
  'Write days and hours, several with a semicolon between them, and a time zone such as Europe/Paris at the end: "Mon-Fri 22:00-23:30; Sat 01:00-05:00 Europe/Paris".'

function durationRemedy(setting: Setting, value: unknown): string {
  if (typeof value !== 'bigint' || value < 0 || value > longestDuration)
    return `Write ${setting.key} = "30s", in quotes.`
  return `Add the unit, in quotes: ${setting.key} = "${value}s" for seconds, "${value}ms" for milliseconds.`
}

function wrongList(setting: Setting, value: unknown): Checked {
  const words: Readonly<Record<string, string>> = { command: 'word', columns: 'column', variables: 'name' }
  const each = words[setting.kind] ?? 'path'
  const remedy = `Write it in brackets, each ${each} in quotes: ${setting.key} = ["…"].`
  return wrongType('an array of strings', value, remedy)
}

function wrongType(expected: string, value: unknown, remedy: string): Checked {
  return { fault: { verdict: `must be ${expected}`, found: describeToml(value), remedy } }
}

function wrongText(verdict: string, text: string, remedy: string): Checked {
  // A secret in the wrong place must not be shown; what looks like an attempt at the right thing may be.
  const harmless = /^[\w+-][\w .,+-]{0,23}$/.test(text)
  return { fault: { verdict, found: harmless ? `"${text}"` : 'a string of another form', remedy } }
}

function empty(needed: string): Fault {
  const remedy = `Give ${needed}, or leave the setting out for its default.`
  return { verdict: 'must not be empty', found: undefined, remedy }
}

const zeroByte: Fault = {
  verdict: 'must not hold a zero byte',
  found: undefined,
  remedy: 'Remove the zero byte.',
}
