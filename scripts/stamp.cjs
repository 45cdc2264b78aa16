'use strict'
// Says whether dist/ still fits the sources. bin/metastore asks on every start from a checkout, so it only lists and stats.

const { readdirSync, readFileSync, statSync } = require('node:fs')
const { join } = require('node:path')

/** What a build is made from, beside src/. */
const files = ['package.json', 'package-lock.json', 'scripts/build.mjs', 'scripts/licences.mjs']

/**
 * The state of everything that a build is made from, as one line a file: path, time of change, size. Two states are equal
 * exactly when the texts are, so a file that was added, removed or put back to an older version counts as a change too.
 * @param {string} root the checkout
 * @returns {string}
 */
function inputState(root) {
  const lines = []
  for (const file of files) lines.push(line(root, file))
  walk(root, 'src', lines)
  return lines.join('')
}

/**
 * Whether dist/ was built from what is there now.
 * @param {string} root the checkout
 * @param {string} state what `inputState` says
 * @returns {boolean}
 */
function isFresh(root, state) {
  try {
    return readFileSync(join(root, 'dist', '.stamp'), 'utf8') === state
  } catch {
    return false
  }
}

/**
 * @param {string} root
 * @param {string} directory
 * @param {string[]} lines
 */
function walk(root, directory, lines) {
  const entries = readdirSync(join(root, directory), { withFileTypes: true })
  entries.sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const entry of entries) {
    const path = `${directory}/${entry.name}`
    if (entry.isDirectory()) walk(root, path, lines)
    else if (!entry.name.endsWith('.test.ts')) lines.push(line(root, path))
  }
}

/**
 * @param {string} root
 * @param {string} path
 * @returns {string}
 */
function line(root, path) {
  const found = statSync(join(root, path), { throwIfNoEntry: false })
  return found ? `${path}\t${found.mtimeMs}\t${found.size}\n` : `${path}\tmissing\n`
}

module.exports = { inputState, isFresh }
