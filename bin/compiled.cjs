'use strict'
// Runs a CommonJS file and keeps the code that V8 compiled from it, so that the next start does not compile it again.
// What is kept is never needed: wherever it cannot be read, written or used, the file is compiled as ever.

const fs = require('node:fs')
const { createRequire } = require('node:module')
const os = require('node:os')
const path = require('node:path')
const vm = require('node:vm')

/**
 * Runs a file as the program of this process.
 * @param {string} file absolute
 */
function run(file) {
  const source = fs.readFileSync(file, 'utf8')
  const kept = path.join(directory(), keptName(source))
  const cachedData = read(kept)
  const script = new vm.Script(`(function(${parameters}){${source}\n})`, { filename: file, cachedData })
  // At the end, because by then V8 has compiled the functions that this command needs.
  if (cachedData === undefined || script.cachedDataRejected) process.once('exit', () => keep(kept, script))
  const program = { exports: {} }
  // Code that was kept has no import() of its own.
  const load = (/** @type {string} */ specifier) => import(specifier)
  const require = createRequire(file)
  const start = /** @type {(...given: unknown[]) => void} */ (script.runInThisContext())
  start(program.exports, require, program, file, path.dirname(file), load)
}

const parameters = 'exports,require,module,__filename,__dirname,__import'

function directory() {
  return path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'metastore', 'compiled')
}

/**
 * By the build (its first line is a digest of the rest), by what compiled it, and by the command, each of which needs other
 * functions.
 * @param {string} source
 */
function keptName(source) {
  const build = source.slice(2, 18)
  const command = process.argv.slice(2).find((word) => /^[a-z-]{1,20}$/.test(word) && !word.startsWith('-')) || 'none'
  return `${build}-${process.version}-${process.arch}-${command}`
}

/** @param {string} kept */
function read(kept) {
  try {
    return fs.readFileSync(kept)
  } catch {
    return undefined
  }
}

const month = 30 * 24 * 3600 * 1000

/**
 * @param {string} kept
 * @param {vm.Script} script
 */
function keep(kept, script) {
  const temporary = `${kept}.${process.pid}`
  try {
    const folder = path.dirname(kept)
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 })
    fs.writeFileSync(temporary, script.createCachedData(), { mode: 0o600 })
    fs.renameSync(temporary, kept)
    for (const name of fs.readdirSync(folder)) {
      const other = path.join(folder, name)
      if (fs.statSync(other).mtimeMs < Date.now() - month) fs.rmSync(other, { force: true })
    }
  } catch {
    // A read-only home, a full disk: the next start compiles again.
  }
}

module.exports = { run }
