import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { type Contender, eachFile, plainSql } from '../contender.ts'

const source = fileURLToPath(new URL('../floor.mjs', import.meta.url))

/** The hand-written loop, importing `pg` as anybody would. */
export const floor: Contender = {
  name: 'floor',
  note: 'hand-written loop over pg: one transaction for a file, no lock',
  files: (migrations) => project(migrations, readFileSync(source, 'utf8')),
  packages: 'checkout',
  command: [process.execPath, 'migrate.mjs'],
  recorded: 'select count(*)::int as count from history',
  canLeaveTransaction: true,
}

/** The same loop in one minified file with `pg` in it: the better of the two is what the others are measured against. */
export const bundledFloor: Contender = {
  ...floor,
  name: 'floor, bundled',
  note: 'the same loop and pg in one minified file',
  files: (migrations) => project(migrations, bundle()),
}

function project(migrations: Parameters<Contender['files']>[0], program: string): Record<string, string> {
  return {
    ...eachFile('migrations', migrations, (file) => (file.transaction ? '' : '-- no transaction\n') + plainSql(file)),
    'migrate.mjs': program,
  }
}

function bundle(): string {
  const result = buildSync({
    entryPoints: [source],
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['pg-native'],
    // pg is CommonJS and calls require() for Node's own modules.
    banner: { js: `import{createRequire}from'node:module';const require=createRequire(import.meta['url']);` },
  })
  return result.outputFiles.map(({ text }) => text).join('')
}
