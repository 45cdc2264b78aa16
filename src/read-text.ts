import { isUtf8 } from 'node:buffer'
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs'
import { MetastoreError } from './errors.ts'
import { lineAndColumn, placeIn } from './text-position.ts'

/** Reads a file as UTF-8 text, without its byte order mark. `path` is how people know it. Throws `file_unreadable`. */
export function readText(absolutePath: string, path: string): string {
  const bytes = readBytes(absolutePath, path)
  if (!isUtf8(bytes)) throw notUtf8(bytes, path)
  const text = bytes.toString('utf8').replace(/^\ufeff/, '')
  const zero = text.indexOf('\0')
  if (zero !== -1) throw zeroByte(text, zero, path)
  return text
}

const nonBlocking = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)

function readBytes(absolutePath: string, path: string): Buffer {
  try {
    // Without O_NONBLOCK, opening a pipe waits for somebody to write to it.
    const file = openSync(absolutePath, nonBlocking)
    try {
      if (fstatSync(file).isFile()) return readFileSync(file)
    } finally {
      closeSync(file)
    }
  } catch (error) {
    throw unreadable(path, error)
  }
  throw notAFile(path)
}

function unreadable(path: string, error: unknown): MetastoreError {
  const { code = '' } = error as NodeJS.ErrnoException
  const reasons: Record<string, string> = {
    ENOENT: 'it does not exist',
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    ELOOP: 'it is a link to itself',
    ERR_FS_FILE_TOO_LARGE: 'it is larger than 2 GiB',
    ENXIO: 'it is not a regular file',
  }
  return new MetastoreError({
    code: 'file_unreadable',
    message: `${path} cannot be read: ${reasons[code] ?? (code || String(error))}.`,
    where: path,
    remedy: code === 'ENOENT' ? 'Mend the link, or remove it.' : 'Make it readable for the user who runs metastore.',
    cause: error,
  })
}

function notAFile(path: string): MetastoreError {
  return new MetastoreError({
    code: 'file_unreadable',
    message: `${path} cannot be read: it is not a regular file.`,
    where: path,
    remedy: 'Put a regular file there, or remove it.',
  })
}

function notUtf8(bytes: Buffer, path: string): MetastoreError {
  const wide = bytes.length > 1 && [0xfeff, 0xfffe].includes(bytes.readUInt16BE(0))
  const offset = wide ? 0 : firstInvalidByte(bytes)
  const text = bytes
    .subarray(0, offset)
    .toString('utf8')
    .replace(/^\ufeff/, '')
  const hexadecimal = (bytes[offset] ?? 0).toString(16).padStart(2, '0')
  const { line } = lineAndColumn(text, text.length)
  return new MetastoreError({
    code: 'file_unreadable',
    message: wide
      ? `${path} is UTF-16 text, not UTF-8.`
      : `${path} is not UTF-8 text: byte ${offset} (0x${hexadecimal}), on line ${line}, cannot stand there.`,
    where: wide ? path : placeIn(path, text, text.length),
    remedy: 'Save the file as UTF-8.',
  })
}

function zeroByte(text: string, offset: number, path: string): MetastoreError {
  return new MetastoreError({
    code: 'file_unreadable',
    message: `${path} holds a zero byte, which no text has.`,
    where: placeIn(path, text, offset),
    remedy: 'Save the file as UTF-8 text, and remove the zero byte.',
  })
}

// A prefix is valid UTF-8 up to the first invalid byte, give or take a character that the prefix cuts in two.
function firstInvalidByte(bytes: Buffer): number {
  let offset = 0
  while (offset < bytes.length) {
    const length = [1, 2, 3, 4].find((size) => isCharacter(bytes.subarray(offset, offset + size), size))
    if (length === undefined) return offset
    offset += length
  }
  return offset
}

function isCharacter(bytes: Buffer, size: number): boolean {
  return bytes.length === size && isUtf8(bytes)
}
