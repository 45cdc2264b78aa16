import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The package's own directory: where its package.json is, from the source tree as from the built bundle. */
export function packageDirectory(): string {
  for (let directory = dirname(fileURLToPath(import.meta.url)); ; directory = dirname(directory)) {
    const file = join(directory, 'package.json')
    if (existsSync(file) && isOurs(readFileSync(file, 'utf8'))) return directory
    if (dirname(directory) === directory) throw new RangeError('The package directory cannot be found.')
  }
}

function isOurs(packageFile: string): boolean {
  const parsed = JSON.parse(packageFile) as { name?: unknown }
  return parsed.name === 'metastore'
}
