// Bundles src/ into dist/: the command in one file; one file for each entry of the library, and chunks that they share or
// load when they need them.
// `--types` makes a release of it: declarations too, and nothing in dist/ that this build did not write.
//
// Tests and people start many bin/metastore at once on a stale checkout, and a process may load a chunk long after it
// started. So nothing is ever written in place: every file arrives by a rename, chunks are named by their content and
// arrive before the entries that import them, and chunks of earlier builds stay for an hour.

import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { thirdPartyNotices } from './licences.mjs'
import { inputState, isFresh } from './stamp.cjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
const lockFile = join(dist, '.lock')

/** The command, and the source it is made from. */
const command = { name: 'cli.cjs', source: 'src/cli/main.ts' }

/** The page of the server's documentation is drawn by this. */
const documentation = { name: 'rapidoc.js', source: 'node_modules/rapidoc/dist/rapidoc-min.js' }

/** Each entry of the library, and the source it is made from. @type {Readonly<Record<string, string>>} */
export const entries = {
  index: 'src/index.ts',
  database: 'src/database/database.ts',
  catalog: 'src/catalog/catalog.ts',
  migrations: 'src/migrations/migrations.ts',
  client: 'src/client/client.ts',
  langgraph: 'src/langgraph/library.ts',
  testing: 'src/testing.ts',
  'pglite-worker': 'src/database/pglite/worker.ts',
  'sqlite-worker': 'src/database/sqlite/worker.ts',
}

/**
 * Brings dist/ up to date. Any number of processes may call it at once: one builds, the others wait for it.
 * @param {{ types?: boolean }} [options]
 */
export async function build({ types = false } = {}) {
  await mkdir(dist, { recursive: true })
  const unlock = await lock()
  try {
    const state = inputState(root)
    if (!types && isFresh(root, state)) return
    const written = await bundle()
    if (types) await declare()
    // The state from before the build: what changed meanwhile makes the next start build again.
    await replace('.stamp', state)
    await sweep(written, types)
  } finally {
    await unlock()
  }
}

/** @returns {Promise<Set<string>>} the names of the files written */
async function bundle() {
  // Imported here, so that a build that waited for another one does not load it.
  const esbuild = await import('esbuild')
  try {
    const shared = await options()
    const library = await esbuild.build({ ...shared, ...libraryOptions })
    const program = await esbuild.build({ ...shared, ...commandOptions })
    const files = library.outputFiles.map((file) => ({ name: relative(dist, file.path), contents: file.contents }))
    const isEntry = (/** @type {{ name: string }} */ { name }) => name.replace(/\.js$/, '') in entries
    for (const file of files.filter((each) => !isEntry(each))) await replace(file.name, file.contents)
    for (const file of files.filter(isEntry)) await replace(file.name, file.contents)
    await replace(command.name, withIdentity(program.outputFiles[0]?.contents ?? new Uint8Array()))
    const page = await readFile(join(root, documentation.source), 'utf8')
    // Its map is not shipped, and a browser would ask for it.
    await replace(documentation.name, page.replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n'))
    const notices = 'THIRD-PARTY-NOTICES.txt'
    const inputs = [documentation.source, ...[library, program].flatMap(({ metafile }) => bundledInputs(metafile))]
    await replace(notices, thirdPartyNotices(root, [...new Set(inputs)]))
    return new Set([...files.map((file) => file.name), command.name, documentation.name, notices])
  } finally {
    // Its service would keep the process, which goes on to run the command, busy for nothing.
    await esbuild.stop()
  }
}

// bin/metastore keeps the compiled code of the command under this line: V8 itself only compares the length of the text.
/** @param {Uint8Array} contents */
function withIdentity(contents) {
  return `//${createHash('sha256').update(contents).digest('hex')}\n${Buffer.from(contents).toString('utf8')}`
}

async function options() {
  const { dependencies, peerDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
  return {
    absWorkingDir: root,
    bundle: true,
    /** @type {false} */
    write: false,
    /** @type {true} */
    metafile: true,
    /** @type {'silent'} */
    logLevel: 'silent',
    /** @type {'node'} */
    platform: 'node',
    target: 'node20',
    minify: true,
    // The names of errors and of migrations' functions are shown to people.
    keepNames: true,
    /** @type {'none'} */
    legalComments: 'none',
    // pg asks for pg-native only when a program uses it; what is a dependency at run time is loaded from node_modules.
    plugins: [onlyIdentity, onlyNeeded],
    // Its main file asks for its parts in a way that no bundler sees.
    alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
    // An optional package is that of whoever has it.
    external: [
      ...Object.keys({ ...dependencies, ...peerDependencies }).flatMap((name) => [name, `${name}/*`]),
      '@electric-sql/*',
      'pg-native',
    ],
  }
}

/** @satisfies {import('esbuild').BuildOptions} */
const libraryOptions = {
  entryPoints: { ...entries },
  outdir: dist,
  splitting: true,
  /** @type {'esm'} */
  format: 'esm',
  chunkNames: 'chunk-[hash]',
  // CommonJS packages in the bundle call require() for Node's own modules.
  banner: {
    js: "import{createRequire as __nodeRequire}from'node:module';const require=__nodeRequire(import.meta.url);",
  },
}

/**
 * Of our own package.json, the product needs to know who it is and nothing of how it is made.
 * @type {import('esbuild').Plugin}
 */
const onlyIdentity = {
  name: 'only-identity',
  setup({ onLoad }) {
    onLoad({ filter: /package\.json$/ }, async ({ path }) => {
      if (path !== join(root, 'package.json')) return undefined
      const { name, version } = JSON.parse(await readFile(path, 'utf8'))
      return { contents: JSON.stringify({ name, version }), loader: 'json' }
    })
  },
}

/**
 * What packages do while they are loaded and we never need. pg finds out whether it is on Cloudflare by making a Response, for
 * which Node loads a whole HTTP client; commander loads what starts programs.
 * @type {readonly { file: RegExp, text: string, instead: string }[]}
 */
const unneeded = [
  { file: /[\\/]pg[\\/]lib[\\/]stream\.js$/, text: 'if (isCloudflareRuntime()) {', instead: 'if (false) {' },
  {
    file: /[\\/]commander[\\/]lib[\\/]command\.js$/,
    text: "const childProcess = require('node:child_process');",
    instead: 'const childProcess = {};',
  },
]

/** The server of the Model Context Protocol brings a validator for questions to a person, of which we ask none. */
const validator = /[\\/]@modelcontextprotocol[\\/]sdk[\\/].*[\\/]validation[\\/]ajv-provider\.js$/

/** @type {import('esbuild').Plugin} */
const onlyNeeded = {
  name: 'only-needed',
  setup({ onLoad }) {
    onLoad({ filter: validator }, () => ({ contents: 'export class AjvJsonSchemaValidator {}', loader: 'js' }))
    for (const { file, text, instead } of unneeded) {
      onLoad({ filter: file }, async ({ path }) => {
        const source = await readFile(path, 'utf8')
        if (!source.includes(text)) throw new Error(`${path} no longer holds: ${text}`)
        return { contents: source.replace(text, instead), loader: 'js' }
      })
    }
  },
}

/**
 * Compiled code that was kept has no import() of its own, so what is not in the bundle is imported by a function that
 * bin/compiled.cjs gives.
 * @type {import('esbuild').Plugin}
 */
const givenImport = {
  name: 'given-import',
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]src[\\/].*\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8')
      return { contents: text.replaceAll(/\bimport\((?!['"]\.)/g, '__import('), loader: 'ts' }
    })
  },
}

// One file, in which a command's modules wait until they are asked for; of one file the compiled code can be kept. See
// docs/decisions/0008-compiled-code-is-kept.md.
/** @satisfies {import('esbuild').BuildOptions} */
const commandOptions = {
  entryPoints: [command.source],
  outfile: join(dist, command.name),
  /** @type {'cjs'} */
  format: 'cjs',
  plugins: [onlyIdentity, onlyNeeded, givenImport],
  define: { 'import.meta.url': '__place', 'import.meta.resolve': '__resolve' },
  banner: {
    js: "const __place=require('node:url').pathToFileURL(__filename).href,__resolve=n=>require('node:url').pathToFileURL(require.resolve(n)).href;",
  },
}

/**
 * The files of which code really is in the output; what was read and then dropped needs no notice.
 * @param {import('esbuild').Metafile} metafile
 */
function bundledInputs(metafile) {
  return Object.values(metafile.outputs).flatMap((output) =>
    Object.entries(output.inputs).flatMap(([file, { bytesInOutput }]) => (bytesInOutput > 0 ? [file] : [])),
  )
}

async function declare() {
  const fresh = join(dist, `.types-${process.pid}`)
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  try {
    await promisify(execFile)(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--outDir', fresh], { cwd: root })
  } catch (error) {
    await rm(fresh, { recursive: true, force: true })
    const said = /** @type {{ stdout?: string }} */ (error).stdout
    throw new Error(`The declarations cannot be written:\n${said}`, { cause: error })
  }
  await rm(join(dist, 'types'), { recursive: true, force: true })
  await rename(fresh, join(dist, 'types'))
}

/**
 * @param {string} name
 * @param {string | Uint8Array} contents
 */
async function replace(name, contents) {
  const temporary = join(dist, `.${name}-${process.pid}`)
  await writeFile(temporary, contents)
  await rename(temporary, join(dist, name))
}

/**
 * Removes what earlier builds left. Processes that are still running may load their chunks, so an hour of it stays.
 * @param {Set<string>} written
 * @param {boolean} everything leave nothing that is not of this build
 */
async function sweep(written, everything) {
  const kept = new Set([...written, 'types', '.stamp', '.lock'])
  const anHourAgo = Date.now() - 3_600_000
  for (const name of await readdir(dist)) {
    if (kept.has(name)) continue
    const found = await stat(join(dist, name)).catch(() => undefined)
    if (found && (everything || found.mtimeMs < anHourAgo)) await rm(join(dist, name), { recursive: true, force: true })
  }
}

/**
 * Takes the build lock. It only saves work, because two builds at once would do no harm; so a lock whose holder has died is
 * simply taken over.
 * @returns {Promise<() => Promise<void>>}
 */
async function lock() {
  for (;;) {
    try {
      const file = await open(lockFile, 'wx')
      await file.writeFile(String(process.pid))
      await file.close()
      return () => rm(lockFile, { force: true })
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EEXIST') throw error
    }
    if (await holderIsGone()) await rm(lockFile, { force: true })
    else await delay(20)
  }
}

async function holderIsGone() {
  const pid = Number(await readFile(lockFile, 'utf8').catch(() => ''))
  if (!pid) {
    // Just created, or its maker was killed before it could write its number.
    const found = await stat(lockFile).catch(() => undefined)
    return found !== undefined && found.mtimeMs < Date.now() - 5_000
  }
  try {
    process.kill(pid, 0)
    return false
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'ESRCH'
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  await build({ types: process.argv.includes('--types') }).catch((error) => {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  })
}
