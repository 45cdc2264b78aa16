// The licences of the packages whose code is in the bundle: their authors ask that the notices travel with it.

import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * The text of THIRD-PARTY-NOTICES.txt.
 * @param {string} root the checkout
 * @param {readonly string[]} inputs the files that went into the bundle, relative to the checkout
 * @returns {string}
 */
export function thirdPartyNotices(root, inputs) {
  const directories = new Set(inputs.map(packageDirectory).filter((directory) => directory !== undefined))
  const notices = [...directories].sort().map((directory) => notice(root, directory))
  return ['These packages are part of the files beside this one.\n', ...notices].join(`\n${'-'.repeat(80)}\n\n`)
}

/**
 * @param {string} file
 * @returns {string | undefined} the directory of the package that the file belongs to
 */
function packageDirectory(file) {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file.replaceAll('\\', '/'))?.[0]
}

/**
 * @param {string} root
 * @param {string} directory
 */
function notice(root, directory) {
  const manifest = JSON.parse(readFileSync(join(root, directory, 'package.json'), 'utf8'))
  const text = licenceFile(root, directory) ?? licenceSection(root, directory)
  if (!text && !manifest.license) throw new Error(`${manifest.name} says nothing about its licence`)
  const author = typeof manifest.author === 'string' ? manifest.author : manifest.author?.name
  const heading = [`${manifest.name} ${manifest.version}`, `Licence: ${manifest.license}`]
  if (author) heading.push(`Author: ${author.replace(/\s*[<(].*/, '')}`)
  return `${[...heading, ...(text ? ['', text.trim().replaceAll('\r\n', '\n')] : [])].join('\n')}\n`
}

/**
 * @param {string} root
 * @param {string} directory
 */
function licenceFile(root, directory) {
  const name = readdirSync(join(root, directory)).find((file) => /^(licen[cs]e|copying)/i.test(file))
  return name === undefined ? undefined : readFileSync(join(root, directory, name), 'utf8')
}

/**
 * Some packages have their licence at the end of the README only.
 * @param {string} root
 * @param {string} directory
 */
function licenceSection(root, directory) {
  const file = join(root, directory, 'README.md')
  if (!existsSync(file)) return undefined
  return /^#+ *licen[cs]e\s*\n([\s\S]*)/im.exec(readFileSync(file, 'utf8'))?.[1]
}
