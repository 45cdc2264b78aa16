// `npm run check`: every tool that judges the sources without running them. Quiet when all is well.
//
// A tool that finds no file says that all is well too, as dependency-cruiser does with a TypeScript it does not know; so each
// must tell how many files it read, and fewer than there are in src/ is a failure.

import { spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { getFileInfo } from 'prettier'

// The directory that is judged is the working directory: npm makes it the checkout's, and the test a directory of faults.
const directory = process.cwd()
const modules = fileURLToPath(new URL('../node_modules', import.meta.url))
const concurrency = 2

const sources = present('src').flatMap((folder) =>
  readdirSync(join(directory, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name)),
)

/**
 * @typedef {object} Check
 * @property {string} name
 * @property {string} tool the package's executable
 * @property {string[]} arguments
 * @property {(output: string) => number | Promise<number>} count how many files it read
 * @property {number} [least] how many files it has to read at least; as many as there are in src/ unless said
 * @property {(output: string) => string} [show] the part of the output that is for people
 */

/** The longest first, so that the short ones fill the time beside it. @type {readonly Check[]} */
const checks = [
  {
    name: 'types',
    tool: 'typescript/bin/tsc',
    arguments: ['--noEmit', '--pretty', 'false', '--listFiles'],
    count: (output) => output.split('\n').filter(isListedSource).length,
    show: (output) => output.replaceAll(/^(\/|[A-Z]:).*\n/gm, ''),
  },
  {
    name: 'lint',
    tool: 'oxlint/bin/oxlint',
    arguments: ['--type-aware', '--deny-warnings', '--report-unused-disable-directives'],
    count: (output) => numberIn(output, /Finished in .* on (\d+) files?/),
  },
  {
    name: 'layers',
    tool: 'dependency-cruiser/bin/dependency-cruise.mjs',
    arguments: [
      ...present('src', 'test', 'bench', 'scripts'),
      '--config',
      '.dependency-cruiser.mjs',
      '--output-type',
      'err-long',
    ],
    count: (output) => numberIn(output, /(\d+) modules, [1-9]\d* dependencies cruised/),
  },
  {
    name: 'dead code',
    tool: 'knip/bin/knip.js',
    arguments: [
      '--no-progress',
      '--no-config-hints',
      '--reporter',
      'symbols',
      '--reporter',
      fileURLToPath(new URL('knip-count.mjs', import.meta.url)),
    ],
    count: (output) => numberIn(output, /files processed: (\d+)/),
  },
  {
    name: 'format',
    tool: 'prettier/bin/prettier.cjs',
    arguments: ['--check', '.'],
    count: countFormatted,
  },
  ...present('examples').flatMap(exampleTypes),
]

/**
 * The examples are JavaScript with types in comments, each with a configuration of its own.
 * @param {string} folder
 * @returns {Check[]}
 */
function exampleTypes(folder) {
  return readdirSync(join(directory, folder))
    .map((name) => join(folder, name))
    .filter((example) => existsSync(join(directory, example, 'tsconfig.json')))
    .map((example) => ({
      name: example,
      tool: 'typescript/bin/tsc',
      arguments: ['--noEmit', '--pretty', 'false', '--listFiles', '--project', example],
      least: 1,
      count: (output) => output.split('\n').filter((line) => line.startsWith(join(directory, example, sep))).length,
      show: (output) => output.replaceAll(/^(\/|[A-Z]:).*\n/gm, ''),
    }))
}

/** @param {string} line */
function isListedSource(line) {
  return line.startsWith(join(directory, 'src'))
}

/**
 * @param {string} output
 * @param {RegExp} pattern
 */
function numberIn(output, pattern) {
  return Number(pattern.exec(output)?.[1] ?? 0)
}

/** @param {string[]} names */
function present(...names) {
  return names.filter((name) => existsSync(join(directory, name)))
}

/**
 * Prettier reports no number, and what it ignores passes; so it is asked of each source whether it looks at it.
 * @returns {Promise<number>}
 */
async function countFormatted() {
  const answers = await Promise.all(sources.map((path) => getFileInfo(path, { ignorePath: '.prettierignore' })))
  return answers.filter((answer) => !answer.ignored && answer.inferredParser === 'typescript').length
}

/**
 * @param {Check} check
 * @returns {Promise<boolean>} whether it passed
 */
async function run(check) {
  const started = performance.now()
  const { status, output } = await execute(join(modules, check.tool), check.arguments)
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const read = await check.count(output)
  const least = check.least ?? Math.max(sources.length, 1)
  const blind = read < least
  const passed = status === 0 && !blind
  process.stdout.write(`${passed ? 'passed' : 'FAILED'}  ${check.name.padEnd(9)}  ${seconds.padStart(5)} s\n`)
  if (!passed) process.stdout.write(`${(check.show?.(output) ?? output).trim()}\n`)
  if (blind) process.stdout.write(`${check.name}: read ${read} files, and should have read ${least} at least\n`)
  return passed
}

/**
 * @param {string} tool
 * @param {readonly string[]} toolArguments
 * @returns {Promise<{ status: number | null, output: string }>}
 */
function execute(tool, toolArguments) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [tool, ...toolArguments], {
      cwd: directory,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NO_COLOR: '1' },
    })
    let output = ''
    child.stdout.setEncoding('utf8').on('data', (/** @type {string} */ text) => (output += text))
    child.stderr.setEncoding('utf8').on('data', (/** @type {string} */ text) => (output += text))
    child.on('error', reject)
    child.on('close', (status) => resolve({ status, output }))
  })
}

const waiting = [...checks]
/** @type {boolean[]} */
const results = []
await Promise.all(
  Array.from({ length: concurrency }, async () => {
    for (let check = waiting.shift(); check; check = waiting.shift()) results.push(await run(check))
  }),
)
process.exitCode = results.every(Boolean) ? 0 : 1
