import { mkdirSync, readFileSync, writeFileSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generatedPages } from '../src/cli/manual/generated-pages.ts'

// Fills the generated pages of the manual, and the generated parts of the others: `npm run docs`. With --check nothing is
// written, and the exit status says whether everything is up to date.

const root = fileURLToPath(new URL('../docs/', import.meta.url))
const check = process.argv.includes('--check')
const stale: string[] = []

const pages = await generatedPages((name) => readFileSync(join(root, name), 'utf8'))
for (const [name, text] of pages) {
  const path = join(root, name)
  if (read(path) === text) continue
  stale.push(name)
  if (check) continue
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, text)
}
for (const name of readdirSync(join(root, 'commands'))) {
  if (pages.has(`commands/${name}`)) continue
  stale.push(`commands/${name}`)
  if (!check) rmSync(join(root, 'commands', name))
}
process.stdout.write(
  stale.length === 0 ? 'The manual is up to date.\n' : `${check ? 'stale' : 'written'}: ${stale.join(', ')}\n`,
)
process.exitCode = check && stale.length > 0 ? 1 : 0

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
}
