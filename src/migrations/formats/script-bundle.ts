import type { BuildFailure, Message, Plugin, PluginBuild } from 'esbuild'
import { readFile } from 'node:fs/promises'
import type { SourceMapPayload } from 'node:module'
import { dirname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Failure, MetastoreError } from '../../errors.ts'
import { codePoints, excerpt } from '../../text-position.ts'
import type { MigrationFile } from '../migration.ts'
import { combineProblems } from '../problems.ts'

/** A script with what it imports by relative paths, ready to be imported. */
export interface Bundle {
  /** To import it from. */
  readonly url: string
  /** What its frames in a stack trace are called. */
  readonly name: string
  /** From the bundle back to the files, whose URLs it names. */
  readonly map: SourceMapPayload
  /** The files that it is made of, itself among them, by their absolute paths. */
  readonly files: readonly string[]
}

/** A file of TypeScript or JavaScript with its text. */
export type ScriptFile = Pick<MigrationFile, 'path' | 'absolutePath' | 'source'>

/** What a file that does not compile is refused as. */
export type CompileFailure = Pick<Failure, 'code'> & { readonly subject: string }

const failedMigration: CompileFailure = { code: 'migration_invalid', subject: 'The migration script' }

/** Transpiles a script. Packages stay outside, found from the file that imports them. Throws `migration_invalid` unless told otherwise. */
export async function bundleScript(file: ScriptFile, failure: CompileFailure = failedMigration): Promise<Bundle> {
  const { build } = await import('esbuild')
  const directory = dirname(file.absolutePath)
  const outfile = join(directory, 'bundle.mjs')
  try {
    const { outputFiles, metafile } = await build({
      entryPoints: [file.absolutePath],
      absWorkingDir: directory,
      outfile,
      write: false,
      metafile: true,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'node20',
      sourcemap: 'external',
      charset: 'utf8',
      logLevel: 'silent',
      sourcesContent: false,
      define: {
        'import.meta.url': fileUrl,
        'import.meta.filename': fileName,
        'import.meta.dirname': fileDirectory,
        __filename: fileName,
        __dirname: fileDirectory,
      },
      banner: { js: requireFor(file.absolutePath) },
      plugins: [surroundings(file)],
    })
    const textOf = (ending: string) => outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? ''
    const relative = JSON.parse(textOf('.map')) as SourceMapPayload
    const sources = relative.sources.map((source) => pathToFileURL(resolve(directory, source)).href)
    const map = { ...relative, sources }
    const name = `${pathToFileURL(file.absolutePath).href}?transpiled`
    const files = Object.keys(metafile.inputs).map((input) => resolve(directory, input))
    return { url: dataUrl(textOf('.mjs'), name, map), name, map, files }
  } catch (error) {
    const { errors } = error as Partial<BuildFailure>
    throw (errors && combineProblems(errors.map((message) => problemOf(message, file, failure)))) ?? error
  }
}

const fileUrl = '__metastoreFileUrl'
const fileName = '__metastoreFileName'
const fileDirectory = '__metastoreFileDirectory'

// A script is imported from a data URL, so that nothing is written beside it; hence what depends on its place is put in by
// name: where its packages are, and where each file stands.
function surroundings(file: ScriptFile): Plugin {
  return {
    name: 'surroundings',
    setup(build) {
      build.onResolve({ filter: /^[^./]/ }, (request) => resolvePackage(build, request))
      build.onLoad({ filter: /\.[cm]?[jt]s$/i }, async ({ path }) => {
        const text = path === file.absolutePath ? file.source : (await readFile(path, 'utf8')).replace(/^\ufeff/, '')
        const loader = /\.[cm]?js$/i.test(path) ? 'js' : 'ts'
        return { contents: placeConstants(path) + text.replace(/^#!/, '//'), loader, resolveDir: dirname(path) }
      })
    },
  }
}

type ResolveCallback = Parameters<PluginBuild['onResolve']>[1]

const resolving = Symbol('resolving')

async function resolvePackage(
  build: PluginBuild,
  { path, kind, importer, resolveDir, pluginData }: Parameters<ResolveCallback>[0],
): Promise<Awaited<ReturnType<ResolveCallback>>> {
  if (kind === 'entry-point' || pluginData === resolving) return undefined
  if (/^(?:node|file|data):/.test(path)) return { path, external: true }
  const found = await build.resolve(path, { kind, importer, resolveDir, pluginData: resolving })
  if (found.errors.length > 0) return { errors: found.errors }
  if (found.external) return { path, external: true }
  // An alias of tsconfig.json or a package of the same workspace may be TypeScript, so it goes into the bundle.
  if (!/[/\\]node_modules[/\\]/.test(found.path)) return { path: found.path }
  return { path: kind === 'require-call' ? found.path : pathToFileURL(found.path).href, external: true }
}

// On the first line, so that no line of the file changes its number.
function placeConstants(path: string): string {
  const [url, name, directory] = [pathToFileURL(path).href, path, dirname(path)].map((text) => JSON.stringify(text))
  return `var ${fileUrl}=${url},${fileName}=${name},${fileDirectory}=${directory};`
}

function requireFor(path: string): string {
  return `import{createRequire as __createRequire}from'node:module';const require=__createRequire(${JSON.stringify(path)});`
}

function dataUrl(code: string, name: string, map: SourceMapPayload): string {
  const mapUrl = `data:application/json;base64,${Buffer.from(JSON.stringify(map)).toString('base64')}`
  const text = `${code}\n//# sourceURL=${name}\n//# sourceMappingURL=${mapUrl}\n`
  return `data:text/javascript;base64,${Buffer.from(text).toString('base64')}`
}

function problemOf({ text, location }: Message, file: ScriptFile, { code, subject }: CompileFailure): MetastoreError {
  const failure = {
    code,
    message: `${subject} does not compile: ${text.replace(/\.?$/, '.')}`,
    remedy: 'Mend the script at this place.',
  }
  if (location === null) return new MetastoreError({ ...failure, where: file.path })
  const { line, column } = location
  const ours = line === 1 ? placeConstants(resolve(dirname(file.absolutePath), location.file)) : ''
  const shift = location.lineText.startsWith(ours) ? ours.length : 0
  // esbuild counts in bytes of UTF-8, from 0.
  const before = Buffer.from(location.lineText).subarray(0, column).toString('utf8').slice(shift)
  return new MetastoreError({
    ...failure,
    where: `${join(dirname(file.path), location.file)}:${line}:${codePoints(before) + 1}`,
    details: excerpt(location.lineText.slice(shift), before.length),
  })
}
