// Runs the tests of the numbered acceptance scenarios and prints a table: number, title, where it ran, result, test.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** @typedef {{ name: string, assertionResults: { ancestorTitles: string[], title: string, status: string }[] }} FileResult */

const count = 84
const directory = mkdtempSync(path.join(tmpdir(), 'scenarios-'))
const report = path.join(directory, 'report.json')
try {
  const { status } = spawnSync(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', '-t', 'scenario ', '--reporter=json', `--outputFile=${report}`],
    { stdio: ['ignore', 'ignore', 'inherit'] },
  )
  /** @type {{ testResults: FileResult[] }} */
  const { testResults } = JSON.parse(readFileSync(report, 'utf8'))
  const found = testResults.flatMap(({ name, assertionResults }) =>
    assertionResults.flatMap(({ ancestorTitles, title, status: result }) => {
      const [, number, text, engine = 'any'] = /^scenario (\d+): (.*?)(?: \[(\w+)\])?$/.exec(title) ?? []
      if (number === undefined || result === 'pending' || result === 'skipped') return []
      // What a test is about may stand around it.
      const whole = [...ancestorTitles, text].join(' ')
      return [{ number: Number(number), title: whole, engine, result, file: path.relative('.', name) }]
    }),
  )
  found.sort((a, b) => a.number - b.number || a.title.localeCompare(b.title) || a.engine.localeCompare(b.engine))
  for (const { number, title, engine, result, file } of found) {
    console.log(`${String(number).padStart(2)}  ${result.padEnd(6)}  ${engine.padEnd(8)}  ${title}  (${file})`)
  }
  const numbers = new Set(found.map(({ number }) => number))
  const missing = Array.from({ length: count }, (_, index) => index + 1).filter((number) => !numbers.has(number))
  const failed = found.filter(({ result }) => result !== 'passed').length
  if (missing.length > 0) console.log(`Without a test: ${missing.join(', ')}`)
  console.log(`${numbers.size} of ${count} scenarios have tests; ${found.length - failed} passed, ${failed} failed`)
  process.exitCode = status === 0 && failed === 0 && missing.length === 0 ? 0 : 1
} finally {
  rmSync(directory, { recursive: true, force: true })
}
