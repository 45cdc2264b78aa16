import { execFile } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import path from 'node:path'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { beforeAll, describe, expect, test } from 'vitest'
import { entries } from '../scripts/build.mjs'
import { temporaryDirectory } from './harness/temporary-directory.ts'

const root = path.resolve(import.meta.dirname, '..')
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  version: string
  allowScripts: Record<string, boolean>
  dependencies: Record<string, string>
  exports: Record<string, unknown>
}

interface Outcome {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

function run(directory: string, command: string, ...commandArguments: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    const options = { cwd: directory, maxBuffer: 64 * 1024 * 1024 }
    execFile(command, commandArguments, options, (error, stdout, stderr) =>
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })
}

async function succeed(directory: string, command: string, ...commandArguments: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await run(directory, command, ...commandArguments)
  if (status !== 0)
    throw new Error(`${command} ${commandArguments.join(' ')} ended with ${status}:\n${stdout}${stderr}`)
  return stdout
}

/** A copy of the checkout as a clone of it would be: no dist/. Its dependencies are those of the checkout. */
function copyCheckout(): string {
  const directory = temporaryDirectory()
  const names = [
    'bin',
    'docs',
    'scripts',
    'src',
    'package.json',
    'package-lock.json',
    'tsconfig.json',
    'tsconfig.build.json',
  ]
  for (const name of [...names, 'README.md', 'CHANGELOG.md', 'LICENSE']) {
    if (existsSync(path.join(root, name)))
      cpSync(path.join(root, name), path.join(directory, name), { recursive: true })
  }
  symlinkSync(path.join(root, 'node_modules'), path.join(directory, 'node_modules'), 'dir')
  return directory
}

describe('the packed package', () => {
  let consumer: string
  let installed: string
  let files: string[]

  beforeAll(async () => {
    const checkout = copyCheckout()
    const packed = await succeed(checkout, 'npm', 'pack', '--json', '--loglevel', 'error')
    // What prepack prints comes first.
    const [{ filename }] = JSON.parse(packed.slice(packed.indexOf('[\n'))) as [{ filename: string }]

    consumer = temporaryDirectory()
    installed = path.join(consumer, 'node_modules', 'metastore')
    mkdirSync(installed, { recursive: true })
    await succeed(consumer, 'tar', 'xzf', path.join(checkout, filename), '-C', installed, '--strip-components', '1')
    writeFileSync(path.join(consumer, 'package.json'), '{ "name": "consumer", "type": "module", "private": true }\n')
    // npm would bring the dependencies from the registry; here they come from the checkout, so that no network is needed.
    for (const name of Object.keys(manifest.dependencies)) link(name)
    // What the entry metastore/langgraph needs of its user.
    for (const name of ['@langchain/core', '@langchain/langgraph-checkpoint']) link(name)
    await succeed(consumer, 'npm', 'rebuild', 'metastore', '--ignore-scripts', '--offline', '--loglevel', 'error')
    files = readdirSync(installed, { recursive: true, withFileTypes: true, encoding: 'utf8' })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(installed, path.join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
  })

  function link(name: string): void {
    const place = path.join(consumer, 'node_modules', name)
    mkdirSync(path.dirname(place), { recursive: true })
    symlinkSync(path.join(root, 'node_modules', name), place, 'dir')
  }

  test('holds the program, its entries, its declarations and its manual, and nothing else', () => {
    expect(files).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'bin/metastore',
        'bin/compiled.cjs',
        'dist/cli.cjs',
        'dist/THIRD-PARTY-NOTICES.txt',
        ...Object.keys(entries).map((name) => `dist/${name}.js`),
      ]),
    )
    const expected =
      /^(package\.json|README\.md|CHANGELOG\.md|LICENSE|bin\/(metastore|compiled\.cjs|package\.json)|docs\/.+\.md|docs\/schema\/(?:migration|plan|seed)\.schema\.json|schema\/(?:README\.md|metastore\.toml|[a-z]+\/\d+_\w+\.(?:toml|sql|yaml))|dist\/(?:cli\.cjs|[\w-]+\.js)|dist\/THIRD-PARTY-NOTICES\.txt|dist\/types\/.+\.d\.ts)$/
    expect(files.filter((file) => !expected.test(file) || /\.test\.|(^|\/)\./.test(file))).toEqual([])
  })

  test('tells nothing of the machine that it was built on', () => {
    const places = [root, homedir(), tmpdir(), path.dirname(root)].filter((place) => place.length > 1)
    const telling = files.filter((file) => {
      const text = readFileSync(path.join(installed, file), 'utf8')
      return places.some((place) => text.includes(`${place}/`)) || /^\/\/# sourceMappingURL=[\w:]/m.test(text)
    })
    expect(telling).toEqual([])
  })

  test('names every package whose code it holds, with its licence', () => {
    const notices = readFileSync(path.join(installed, 'dist', 'THIRD-PARTY-NOTICES.txt'), 'utf8')
    for (const name of ['pg', 'pg-protocol', 'commander', 'smol-toml']) {
      expect(notices).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+\nLicence: \\S+\n`, 'm'))
    }
    // A dependency at run time is not in the bundle.
    expect(notices).not.toMatch(/^(esbuild|libsql|libpg-query|@electric-sql\/pglite) \d/m)
  })

  test('gives publint nothing to say', async () => {
    const { messages, pkg } = await publint({ pkgDir: installed, pack: false, strict: true })
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([])
  })

  test('has an entry in its exports for every entry of the build that is meant for import', () => {
    const importable = Object.keys(entries).filter((name) => name !== 'cli' && !name.endsWith('-worker'))
    const paths = importable.map((name) => (name === 'index' ? '.' : `./${name}`))
    expect(Object.keys(manifest.exports).sort()).toEqual([...paths, './package.json'].sort())
  })

  test('can be imported by each of its entries', async () => {
    const specifiers = Object.keys(manifest.exports).filter((key) => key !== './package.json')
    for (const specifier of specifiers.map((key) => key.replace('.', 'metastore'))) {
      const program = `console.log(Object.keys(await import(${JSON.stringify(specifier)})).length)`
      const exported = Number(await succeed(consumer, process.execPath, '--input-type=module', '--eval', program))
      expect(exported, specifier).toBeGreaterThan(0)
    }
  })

  test('has declarations that a strict program compiles against, without the packages we bundle', async () => {
    for (const name of ['@types/node', 'undici-types']) link(name)
    const specifiers = Object.keys(manifest.exports).filter((key) => key !== './package.json')
    const imports = specifiers.map((key, index) => `import * as e${index} from '${key.replace('.', 'metastore')}'\n`)
    const use = `export const all: object[] = [${specifiers.map((_, index) => `e${index}`).join(', ')}]\n`
    // Types that could not be resolved would be \`any\`, and this would compile.
    const strictness =
      "import { MetastoreError } from 'metastore'\n// @ts-expect-error\nexport const n: number = MetastoreError\n"
    writeFileSync(path.join(consumer, 'program.ts'), imports.join('') + use + strictness)
    const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc')
    for (const resolution of ['nodenext', 'bundler']) {
      const module = resolution === 'bundler' ? 'esnext' : 'nodenext'
      const flags = [
        '--strict',
        '--noEmit',
        '--target',
        'es2022',
        '--lib',
        'es2023,esnext.disposable',
        '--types',
        'node',
      ]
      const kind = ['--module', module, '--moduleResolution', resolution]
      const { stdout } = await run(consumer, process.execPath, tsc, ...flags, ...kind, 'program.ts')
      expect(stdout, resolution).toBe('')
    }
  })

  test('runs as a command, as npx starts it and through the link that npm makes', async () => {
    const command = path.join(consumer, 'node_modules', '.bin', 'metastore')
    expect(await run(consumer, command, '--version')).toEqual({
      status: 0,
      stdout: `${manifest.version}\n`,
      stderr: '',
    })
    expect(await succeed(consumer, 'npx', '--offline', 'metastore', '--version')).toBe(`${manifest.version}\n`)

    const help = await run(consumer, command, '--help')
    expect(help).toMatchObject({ status: 0, stderr: '' })
    expect(help.stdout).toContain('Usage: metastore')
    expect((await run(consumer, command, 'no-such-command')).status).toBe(2)
  })

  test('says so when a file of it is missing', async () => {
    const broken = path.join(temporaryDirectory(), 'metastore')
    cpSync(installed, broken, { recursive: true })
    rmSync(path.join(broken, 'dist', 'cli.cjs'))
    expect(await run(consumer, process.execPath, path.join(broken, 'bin', 'metastore'), 'status')).toEqual({
      status: 1,
      stdout: '',
      stderr: 'metastore: The installed package is incomplete: dist/cli.cjs is missing.\nInstall it again.\n',
    })
  })
})

describe('bin/metastore in a checkout', () => {
  const building = 'metastore: building from the sources, which have changed…\n'

  test('builds what is missing or stale, whoever starts at the same time, and is silent when all is fresh', async () => {
    const checkout = copyCheckout()
    const start = () => run(checkout, process.execPath, path.join(checkout, 'bin', 'metastore'), '--help')

    const together = await Promise.all(Array.from({ length: 8 }, start))
    const [first] = together
    expect(first?.stdout).toContain('Usage: metastore')
    for (const each of together) expect(each).toMatchObject({ status: 0, stdout: first?.stdout })
    // Whoever came when the build was done had nothing to say.
    const said = new Set(together.map((each) => each.stderr))
    expect(said).toContain(building)
    expect([...said].filter((line) => line !== building && line !== '')).toEqual([])
    expect(readdirSync(path.join(checkout, 'dist')).filter((name) => /^\.(?!stamp$)/.test(name))).toEqual([])

    expect((await start()).stderr).toBe('')
    writeFileSync(path.join(checkout, 'src', 'added.ts'), 'export {}\n')
    expect((await start()).stderr).toBe(building)
    expect((await start()).stderr).toBe('')
    rmSync(path.join(checkout, 'src', 'added.ts'))
    expect((await start()).stderr).toBe(building)
    // Tests are not part of what runs.
    writeFileSync(path.join(checkout, 'src', 'added.test.ts'), 'export {}\n')
    expect((await start()).stderr).toBe('')
  })

  test('takes over the lock of a build that was killed', async () => {
    const checkout = copyCheckout()
    mkdirSync(path.join(checkout, 'dist'))
    const { stdout } = await run(checkout, process.execPath, '--eval', 'console.log(process.pid)')
    writeFileSync(path.join(checkout, 'dist', '.lock'), stdout.trim())
    const outcome = await run(checkout, process.execPath, path.join(checkout, 'bin', 'metastore'), '--help')
    expect(outcome).toMatchObject({ status: 0, stderr: building })
  })

  test('says which file does not build, and keeps what was built before', async () => {
    const checkout = copyCheckout()
    const start = () => run(checkout, process.execPath, path.join(checkout, 'bin', 'metastore'), '--help')
    expect((await start()).status).toBe(0)
    const before = readdirSync(path.join(checkout, 'dist'))
    writeFileSync(path.join(checkout, 'src', 'errors.ts'), 'export const = 1\n')
    const { status, stderr } = await start()
    expect(status).toBe(1)
    expect(stderr).toContain(
      'metastore: The sources do not build: Build failed with 1 error:\nsrc/errors.ts:1:13: ERROR: ',
    )
    expect(stderr).toContain('\nMend them, then run the command again.\n')
    expect(readdirSync(path.join(checkout, 'dist'))).toEqual(before)
  })

  test('asks for the dependencies when they are not installed', async () => {
    const checkout = copyCheckout()
    rmSync(path.join(checkout, 'node_modules'))
    expect(await run(checkout, process.execPath, path.join(checkout, 'bin', 'metastore'), 'status')).toEqual({
      status: 1,
      stdout: '',
      stderr: `metastore: The dependencies of this checkout are not installed.\nRun \`npm ci\` in ${checkout} first.\n`,
    })
  })

  test('tells an old Node which one it needs', async () => {
    const bin = JSON.stringify(path.join(root, 'bin', 'metastore'))
    for (const [version, isRefused] of [
      ['18.20.8', true],
      ['20.11.1', true],
      ['20.12.0', false],
      ['24.0.0', false],
    ] as const) {
      const program = `Object.defineProperty(process.versions, 'node', { value: '${version}' }); process.argv[2] = '--version'; require(${bin})`
      const expected = isRefused
        ? {
            status: 1,
            stdout: '',
            stderr: `metastore: This is Node.js ${version}, which is too old.\nInstall Node.js 20.12 or newer.\n`,
          }
        : { status: 0, stdout: `${manifest.version}\n`, stderr: '' }
      expect(await run(root, process.execPath, '--eval', program, 'bin')).toEqual(expected)
    }
  })
})

describe('scripts/run.mjs', () => {
  test('runs a TypeScript program where it lies, with its arguments, its exit status and its lines in stack traces', async () => {
    const checkout = copyCheckout()
    const program = path.join(checkout, 'test', 'program.ts')
    mkdirSync(path.dirname(program))
    writeFileSync(
      program,
      `import { basename } from 'node:path'
import { toolVersion } from '../src/version.ts'
import { Command } from 'commander'
const said: string = [basename(import.meta.filename), import.meta.url.endsWith('/test/program.ts'), toolVersion].join()
console.log(said, process.argv.slice(2), typeof Command)
if (process.argv.includes('fail')) throw new Error('wanted')
process.exitCode = 5
`,
    )
    const script = path.join(checkout, 'scripts', 'run.mjs')
    expect(await run(checkout, process.execPath, script, program, 'a', '--b')).toEqual({
      status: 5,
      stdout: `program.ts,true,${manifest.version} [ 'a', '--b' ] function\n`,
      stderr: '',
    })
    const failed = await run(checkout, process.execPath, script, program, 'fail')
    expect(failed.status).toBe(1)
    expect(failed.stderr).toMatch(/Error: wanted\n\s+at .*test\/program\.ts:6:/)
  })

  test('refuses to run nothing, and a program that is not there', async () => {
    expect(await run(root, process.execPath, 'scripts/run.mjs')).toEqual({
      status: 2,
      stdout: '',
      stderr: 'usage: node scripts/run.mjs FILE [ARGUMENT…]\n',
    })
    const { status, stderr } = await run(root, process.execPath, 'scripts/run.mjs', 'test/nothing-there.ts')
    expect(status).toBe(1)
    expect(stderr).toContain('Could not resolve')
  })
})

describe('the lock file', () => {
  interface Locked {
    readonly version: string
    readonly resolved?: string
    readonly hasInstallScript?: boolean
    readonly optionalDependencies?: Record<string, string>
  }
  const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked>
  }
  const nameOf = (place: string): string => place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length)

  test('names no registry, so that everybody installs from their own', () => {
    expect(Object.keys(lock.packages).length).toBeGreaterThan(100)
    expect(Object.values(lock.packages).filter((each) => each.resolved !== undefined)).toEqual([])
  })

  test('has an entry for every optional package, without which npm 11 and later refuse to install from it', () => {
    const missing = Object.entries(lock.packages).flatMap(([place, { optionalDependencies }]) =>
      Object.entries(optionalDependencies ?? {})
        .filter(([name, range]) => !isLocked(place, name, range))
        .map(([name]) => `${place} needs ${name}`),
    )
    expect(missing).toEqual([])
  })

  /** Whether a package of that name and major version is where Node would find it from `place`. */
  function isLocked(place: string, name: string, range: string): boolean {
    const major = /\d+/.exec(range)?.[0]
    for (let from = place; ; from = from.slice(0, from.lastIndexOf('node_modules/')).replace(/\/$/, '')) {
      const found = lock.packages[`${from === '' ? '' : `${from}/`}node_modules/${name}`]
      if (found) return major === undefined || found.version.startsWith(`${major}.`)
      if (from === '') return false
    }
  }

  test('brings no install script that allowScripts does not allow, and it allows none that is not there', () => {
    const locked = Object.entries(lock.packages).flatMap(([place, each]) =>
      each.hasInstallScript ? [nameOf(place)] : [],
    )
    const present = readdirSync(path.join(root, 'node_modules'), { recursive: true, encoding: 'utf8' })
      .filter((file) => /(^|node_modules\/)(@[^/]+\/)?[^/]+\/package\.json$/.test(file.replaceAll('\\', '/')))
      .flatMap((file) => {
        const { name, scripts } = JSON.parse(readFileSync(path.join(root, 'node_modules', file), 'utf8')) as {
          name: string
          scripts?: Record<string, string>
        }
        return (scripts?.['preinstall'] ?? scripts?.['install'] ?? scripts?.['postinstall']) ? [name] : []
      })
    expect(present).toContain('esbuild')
    expect([...new Set([...locked, ...present])].sort()).toEqual(Object.keys(manifest.allowScripts).sort())
  })
})
