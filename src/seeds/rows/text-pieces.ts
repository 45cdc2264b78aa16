import { isAscii, isUtf8 } from 'node:buffer'
import { createReadStream } from 'node:fs'
import { MetastoreError } from '../../errors.ts'

/** A text file that may be too large to be read at once. */
export interface TextFile {
  readonly absolutePath: string
  /** As people see it. */
  readonly path: string
  /** How many lines of comments stand on top of it. */
  readonly skipLines?: number
}

/** The text of a file in pieces, without its first lines. Throws `file_unreadable`. */
export async function* textPieces(file: TextFile): AsyncGenerator<string> {
  // A mark of the byte order is one at the beginning alone.
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let toSkip = file.skipLines ?? 0
  let first = true
  let whole = true
  for await (const bytes of bytesOf(file)) {
    if (first && isUtf16(bytes)) throw unreadable(file.path, 'is UTF-16 text, not UTF-8')
    if (bytes.includes(0)) throw await unreadableLine(file, 'holds a zero byte, which no text has', hasZero)
    let text: string
    if (whole && isAscii(bytes)) text = bytes.toString('latin1')
    else {
      text = await decoded(file, () => decoder.decode(bytes, { stream: true }))
      // A character may go on in the next piece.
      whole = (bytes.at(-1) ?? 0) < 0x80
    }
    if (first && text.startsWith('\uFEFF')) text = text.slice(1)
    first = false
    while (toSkip > 0 && text.includes('\n')) {
      text = text.slice(text.indexOf('\n') + 1)
      toSkip -= 1
    }
    if (toSkip === 0) yield text
  }
  await decoded(file, () => decoder.decode())
}

function isUtf16(bytes: Buffer): boolean {
  return bytes.length > 1 && [0xfeff, 0xfffe].includes(bytes.readUInt16BE(0))
}

async function* bytesOf({ absolutePath, path }: TextFile): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(absolutePath, { highWaterMark: 262_144 }) as AsyncIterable<Buffer>
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === undefined) throw error
    throw unreadable(path, `cannot be read (${code})`)
  }
}

async function decoded(file: TextFile, work: () => string): Promise<string> {
  try {
    return work()
  } catch {
    throw await unreadableLine(file, 'is not UTF-8 text', (line) => !isUtf8(line))
  }
}

const hasZero = (line: Buffer): boolean => line.includes(0)

// The file is read again to say in which line it is: counting lines takes longer than reading them.
async function unreadableLine(file: TextFile, reason: string, isWrong: (line: Buffer) => boolean) {
  let rest: Buffer = Buffer.alloc(0)
  let line = 1
  for await (const bytes of bytesOf(file)) {
    const text: Buffer = Buffer.concat([rest, bytes])
    let at = 0
    for (let end = text.indexOf(10); end !== -1; end = text.indexOf(10, at)) {
      if (isWrong(text.subarray(at, end))) return unreadable(file.path, reason, line)
      line += 1
      at = end + 1
    }
    rest = text.subarray(at)
  }
  return unreadable(file.path, reason, line)
}

function unreadable(path: string, reason: string, line?: number): MetastoreError {
  return new MetastoreError({
    code: 'file_unreadable',
    message: `${path} ${reason}.`,
    where: line === undefined ? path : `${path}:${line}:1`,
    remedy: 'Save the file as UTF-8 text, readable for the user who runs metastore.',
  })
}
