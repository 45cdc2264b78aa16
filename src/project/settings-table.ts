import type { WrittenValue } from './setting.ts'
import { settingNames, settingOf } from './settings.ts'

/** The table of all settings for docs/configuration.md, as Markdown. */
export function settingsTable(): string {
  const rows = settingNames
    .map(settingOf)
    .map(({ key, kind, default: written, variables, flag, description, choices }) => [
      code(key),
      choices === undefined ? kindNames[kind] : `one of ${choices.map(code).join(', ')}`,
      defaultText(written),
      variables.map(code).join(', ') || 'none',
      flag === null ? 'none' : code(flag),
      description,
    ])
  const header = ['Setting', 'Kind', 'Default', 'Variable', 'Flag', 'Meaning']
  const cells = [header, ...rows].map((row) => row.map((text) => text.replaceAll('|', '\\|')))
  const widths = header.map((_, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)))
  const [first = '', ...others] = cells.map((row) => line(row.map((text, column) => text.padEnd(widths[column] ?? 0))))
  return `${[first, line(widths.map((width) => '-'.repeat(width))), ...others].join('\n')}\n`
}

const kindNames = {
  string: 'string',
  url: 'URL',
  identifier: 'name of at most 63 bytes',
  boolean: 'boolean',
  integer: 'integer',
  duration: 'duration',
  directories: 'array of directories',
  choice: 'choice',
  file: 'path of a file',
  command: 'array of words',
  windows: 'hours of the week',
  columns: 'array of columns',
  variables: 'array of names',
} as const

function defaultText(written: WrittenValue): string {
  return written === null ? 'none' : code(JSON.stringify(written))
}

function code(text: string): string {
  return `\`${text}\``
}

function line(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |`
}
