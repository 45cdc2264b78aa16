// Runs a TypeScript file of the checkout: `node scripts/run.mjs bench/bench.ts [argument…]`.
// Node 20 runs no TypeScript, so the file and what it imports of ours are bundled first; packages are not.

import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { build, stop } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Code that asks where it is (to find a worker or a fixture beside it) gets the place of its source, not of the bundle.
 * @type {import('esbuild').Plugin}
 */
const originalPlaces = {
  name: 'original-places',
  setup({ onLoad }) {
    onLoad({ filter: /\.m?[jt]s$/ }, async ({ path }) => {
      if (path.includes('node_modules')) return undefined
      const text = await readFile(path, 'utf8')
      const places = { url: pathToFileURL(path).href, filename: path, dirname: dirname(path) }
      const contents = text.replace(
        /(?<!['"`])\bimport\.meta\.(url|filename|dirname)\b/g,
        (_, /** @type {keyof places} */ key) => JSON.stringify(places[key]),
      )
      return { contents, loader: /\.m?ts$/.test(path) ? 'ts' : 'js' }
    })
  },
}

const [file, ...programArguments] = process.argv.slice(2)
if (file === undefined) {
  process.stderr.write('usage: node scripts/run.mjs FILE [ARGUMENT…]\n')
  process.exit(2)
}

// In the checkout, because packages are looked for from there.
const directory = join(root, 'node_modules', '.cache', 'metastore-run')
const source = resolve(file)
const result = await build({
  absWorkingDir: root,
  entryPoints: [source],
  outfile: join(directory, 'bundle.mjs'),
  bundle: true,
  write: false,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  packages: 'external',
  sourcemap: 'inline',
  keepNames: true,
  plugins: [originalPlaces],
  logLevel: 'error',
}).catch(() => process.exit(1))
await stop()

process.argv = [process.execPath, source, ...programArguments]
process.setSourceMapsEnabled(true)
await import(pathToFileURL(await store(result.outputFiles[0]?.contents ?? new Uint8Array())).href)

/**
 * Keeps a bundle under a name made of its content, so that any number of these processes share it and may be killed.
 * @param {Uint8Array} contents
 */
async function store(contents) {
  const bundle = join(directory, `${createHash('sha256').update(contents).digest('hex').slice(0, 16)}.mjs`)
  await mkdir(directory, { recursive: true })
  await writeFile(`${bundle}.${process.pid}`, contents)
  await rename(`${bundle}.${process.pid}`, bundle)
  const aWeekAgo = Date.now() - 7 * 86_400_000
  for (const name of await readdir(directory)) {
    const found = await stat(join(directory, name)).catch(() => undefined)
    if (found && found.mtimeMs < aWeekAgo) await rm(join(directory, name), { force: true })
  }
  return bundle
}
