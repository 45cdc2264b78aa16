import { existsSync, readFileSync, readdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import type { PGlite } from '@electric-sql/pglite'
import { tarEntries } from './tar.ts'

/** Packages that hold extensions; the first is always there. */
const packages = ['@electric-sql/pglite', '@electric-sql/pglite-pgvector']

// An extension's library, a catalog or function that lists extensions, or a statement about one.
const mention = /extension|\$libdir|\bload\s+'/i

/** Whether a text may need the files of extensions. */
export function mentionsExtensions(text: string): boolean {
  return mention.test(text)
}

/**
 * Puts the files of all extensions that are installed, or of these alone, into PGlite's file system, so that `create extension`
 * finds them. All take 0.1 s where PGlite's own way, which compiles each library at the start, takes 0.5 s; so it is done only
 * when a text mentions extensions, and for a database that has some with these.
 */
export function addExtensions(db: PGlite, names?: ReadonlySet<string>): void {
  const wanted = packages.flatMap(bundles).filter((file) => names?.has(path.basename(file, '.tar.gz')) ?? true)
  for (const bundle of wanted) {
    for (const { name, content } of tarEntries(gunzipSync(readFileSync(bundle)))) {
      if (content !== undefined) db.copyToFS(`/pglite/${name}`, content)
    }
  }
}

function bundles(name: string): string[] {
  const directory = packageDirectory(name)
  if (directory === undefined) return []
  const files = readdirSync(directory).filter((file) => file.endsWith('.tar.gz'))
  return files.map((file) => path.join(directory, file))
}

function packageDirectory(name: string): string | undefined {
  try {
    const entry = fileURLToPath(import.meta.resolve(name))
    return existsSync(entry) ? path.dirname(entry) : undefined
  } catch {
    return undefined
  }
}
