import { expect, test } from 'vitest'
import { commandLine, lines } from './command-line.ts'

const two = '[database.one]\nurl = "pglite:memory"\n\n[database.two]\nurl = "pglite:memory"\n'

test('an audit is written as JSON by --json only', async () => {
  expect(await commandLine({ 'metastore.toml': two }).run('audit --out report.json')).toEqual({
    status: 2,
    stdout: '',
    stderr: lines(
      'error [usage] --out report.json: the report is written as Markdown or HTML.',
      '  next: For JSON use metastore audit --json > report.json.',
    ),
  })
})

test('one file does not take the reports of several databases', async () => {
  expect(await commandLine({ 'metastore.toml': two }).run('audit --out report.html')).toEqual({
    status: 2,
    stdout: '',
    stderr: lines(
      'error [usage] --out report.html takes the report of one database, but the command is for 2.',
      '  next: Name the one that is meant, with --database NAME: "one", "two".',
    ),
  })
})
