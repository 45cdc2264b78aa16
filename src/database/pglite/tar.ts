import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** A file or a directory in a tar archive. `content` is undefined for a directory. */
export interface TarEntry {
  readonly name: string
  readonly content: Uint8Array | undefined
}

const block = 512
const typeFlag = 156

/** The files and directories of a tar archive (POSIX ustar), without copying their content. */
export function* tarEntries(archive: Buffer): Iterable<TarEntry> {
  const field = (at: number, length: number): string =>
    archive.toString('latin1', at, at + length).replace(/\0[^]*$/, '')
  for (let at = 0; at + block <= archive.length;) {
    const name = field(at, 100)
    if (name === '') return
    const size = Number.parseInt(field(at + 124, 12), 8)
    const type = String.fromCharCode(archive[at + typeFlag] ?? 0)
    const start = at + block
    // Data directories and extensions have no links, and no names longer than a header holds.
    if (type === '5') yield { name, content: undefined }
    else if (type === '0' || type === '\0') yield { name, content: archive.subarray(start, start + size) }
    at = start + Math.ceil(size / block) * block
  }
}

/** Writes an archive out under a directory, as a PostgreSQL server wants its data: nobody else may read it. */
export function extractTar(archive: Buffer, directory: string): void {
  mkdirSync(directory, { recursive: true, mode: 0o700 })
  for (const { name, content } of tarEntries(archive)) {
    const target = path.join(directory, name)
    if (content === undefined) mkdirSync(target, { recursive: true, mode: 0o700 })
    else {
      mkdirSync(path.dirname(target), { recursive: true, mode: 0o700 })
      writeFileSync(target, content, { mode: 0o600 })
    }
  }
}
