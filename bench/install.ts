import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const bench = path.dirname(fileURLToPath(import.meta.url))
const checkout = path.join(bench, '..')

/** Installs the other tools from the lock file, unless they are there. */
export async function installContenders(): Promise<void> {
  if (existsSync(path.join(bench, 'node_modules'))) return
  process.stderr.write('Installing the other tools…\n')
  await run('npm', ['ci', '--no-audit', '--no-fund', '--prefix', bench], { cwd: bench })
}

/**
 * Packs this checkout and unpacks it as `npm install` would, in an empty directory. A checkout looks at its sources before
 * each run; a package, which is what people have, does not. Returns where it is.
 */
export async function installMetastore(directory: string): Promise<string> {
  await run(process.execPath, [path.join(checkout, 'scripts', 'build.mjs')])
  const modules = path.join(directory, 'node_modules')
  mkdirSync(modules, { recursive: true })
  const { stdout } = await run('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', directory], {
    cwd: checkout,
  })
  const packed = JSON.parse(stdout) as readonly { readonly filename: string }[]
  for (const { filename } of packed) await run('tar', ['-xzf', path.join(directory, filename), '-C', modules])
  const { dependencies = {} } = JSON.parse(readFileSync(path.join(modules, 'package', 'package.json'), 'utf8')) as {
    dependencies?: Record<string, string>
  }
  for (const name of Object.keys(dependencies)) {
    mkdirSync(path.dirname(path.join(modules, name)), { recursive: true })
    symlinkSync(path.join(checkout, 'node_modules', name), path.join(modules, name), 'junction')
  }
  return path.join(modules, 'package')
}
