// Runs the tests of the numbered acceptance scenarios and prints a table: number, title, where it ran, result, test. With a file, it
// prints those of a run that has been: `npx vitest run --reporter=json --outputFile=FILE`, then `npm run scenarios -- FILE`.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** @typedef {{ name: string, assertionResults: { ancestorTitles: string[], title: string, status: string }[] }} FileResult */

/** The specifications whose scenarios tests carry the numbers of: how such a test is called, and how many there are. */
const specifications = [
  { title: 'Zero downtime', prefix: 'scenario', count: 84 },
  { title: 'Agent Protocol', prefix: 'protocol scenario', count: 66 },
]

const [given] = process.argv.slice(2)
if (given !== undefined) process.exitCode = print(given) ? 0 : 1
else {
  const directory = mkdtempSync(path.join(tmpdir(), 'scenarios-'))
  const report = path.join(directory, 'report.json')
  try {
    const { status } = spawnSync(
      process.execPath,
      ['node_modules/vitest/vitest.mjs', 'run', '-t', 'scenario ', '--reporter=json', `--outputFile=${report}`],
      { stdio: ['ignore', 'ignore', 'inherit'] },
    )
    process.exitCode = print(report) && status === 0 ? 0 : 1
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/**
 * Prints what a report of vitest says of the scenarios, and returns whether each has a test and all of these pass.
 * @param {string} report
 */
function print(report) {
  const testResults = readReport(report)
  if (testResults === undefined) return false
  return specifications.map((specification) => printScenarios(specification, testResults)).every(Boolean)
}

/**
 * The results that a report of vitest holds; undefined, with a sentence that says why, when it is none.
 * @param {string} report
 */
function readReport(report) {
  try {
    /** @type {{ testResults?: FileResult[] }} */
    const { testResults } = JSON.parse(readFileSync(report, 'utf8'))
    if (Array.isArray(testResults)) return testResults
    console.error(`${report} is no report of vitest.`)
  } catch (error) {
    const reason =
      error instanceof SyntaxError ? 'it is not JSON' : error instanceof Error ? error.message : String(error)
    console.error(`The report ${report} cannot be read: ${reason}.`)
  }
  console.error('Write one with: npx vitest run --reporter=json --outputFile=FILE')
  return undefined
}

/**
 * Prints the scenarios of a specification, and returns whether each has a test and all of these pass.
 * @param {{ title: string, prefix: string, count: number }} specification
 * @param {readonly FileResult[]} results
 */
function printScenarios({ title, prefix, count }, results) {
  const pattern = new RegExp(`^${prefix} (\\d+): (.*?)(?: \\[(\\w+)\\])?$`)
  const found = results.flatMap(({ name, assertionResults }) =>
    assertionResults.flatMap((test) => {
      const [, number, text, engine = 'any'] = pattern.exec(test.title) ?? []
      if (number === undefined || test.status === 'pending' || test.status === 'skipped') return []
      // What a test is about may stand around it.
      const whole = [...test.ancestorTitles, text].join(' ')
      return [{ number: Number(number), title: whole, engine, result: test.status, file: path.relative('.', name) }]
    }),
  )
  found.sort((a, b) => a.number - b.number || a.title.localeCompare(b.title) || a.engine.localeCompare(b.engine))
  console.log(`${title}\n`)
  for (const { number, title: text, engine, result, file } of found) {
    console.log(`${String(number).padStart(2)}  ${result.padEnd(6)}  ${engine.padEnd(10)}  ${text}  (${file})`)
  }
  const numbers = new Set(found.map(({ number }) => number))
  const missing = Array.from({ length: count }, (_, index) => index + 1).filter((number) => !numbers.has(number))
  const failed = found.filter(({ result }) => result !== 'passed').length
  if (missing.length > 0) console.log(`Without a test: ${missing.join(', ')}`)
  console.log(`${numbers.size} of ${count} scenarios have tests; ${found.length - failed} passed, ${failed} failed\n`)
  return failed === 0 && missing.length === 0
}
