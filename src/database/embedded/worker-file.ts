import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const built = new Map<string, Promise<URL>>()

/**
 * The JavaScript file that a worker thread runs. In the package it lies beside this code. In a checkout this code is
 * TypeScript, which Node 20 cannot run in a worker whatever the main thread was started with, so the worker is bundled
 * first, once for each state of the sources.
 */
export function workerFile(name: 'pglite' | 'sqlite'): Promise<URL> {
  if (!import.meta.url.endsWith('.ts')) return Promise.resolve(new URL(`./${name}-worker.js`, import.meta.url))
  const file = built.get(name) ?? bundle(name)
  built.set(name, file)
  return file
}

async function bundle(name: string): Promise<URL> {
  const database = path.dirname(path.dirname(fileURLToPath(import.meta.url)))
  const root = path.dirname(path.dirname(database))
  // Inside the checkout, because packages are looked for from there.
  const directory = path.join(root, 'node_modules', '.cache', 'metastore-worker')
  const file = path.join(directory, `${name}-${sourceState(database)}.mjs`)
  if (!existsSync(file)) {
    const { buildSync } = await import('esbuild')
    const result = buildSync({
      entryPoints: [path.join(database, name, 'worker.ts')],
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      packages: 'external',
      keepNames: true,
      logLevel: 'silent',
    })
    mkdirSync(directory, { recursive: true })
    // By a rename, so that a process that starts at the same time never runs half a file.
    const temporary = `${file}.${process.pid}`
    writeFileSync(temporary, result.outputFiles[0]?.contents ?? '')
    renameSync(temporary, file)
  }
  return pathToFileURL(file)
}

// A worker imports from src/database and src/errors.ts only. Sizes and times cost a millisecond; reading all would cost ten.
function sourceState(database: string): string {
  const hash = createHash('sha256')
  const names = readdirSync(database, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.ts'))
  for (const name of [...names.sort(), path.join('..', 'errors.ts')]) {
    const { size, mtimeMs } = statSync(path.join(database, name))
    hash.update(`${name} ${size} ${mtimeMs}\n`)
  }
  return hash.digest('hex').slice(0, 16)
}
