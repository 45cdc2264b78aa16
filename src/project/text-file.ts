import { readFile, stat } from 'node:fs/promises'
import { MetastoreError, type ErrorCode } from '../errors.ts'
import { lineAndColumn } from '../text-position.ts'

/** A mebibyte: far more than anybody writes by hand, and little enough to read at once. */
const largestFile = 1024 * 1024

/** How a file is asked for. */
export interface FileRequest {
  /** The path to read from. */
  readonly path: string
  /** The path as people see it. */
  readonly shown: string
  /** The code of what is wrong with its content or kind. */
  readonly code: ErrorCode
  /** Whether a directory of this name is as good as no file. */
  readonly directories?: 'ignore'
}

/**
 * The text of a file, without a byte order mark; undefined when there is none. Throws the request's code for what is no
 * file of text, and `file_unreadable` for what the system refuses to read.
 */
export async function readTextFile(request: FileRequest): Promise<string | undefined> {
  const { path, shown, code } = request
  let bytes: Buffer
  try {
    const found = await stat(path)
    if (found.isDirectory() && request.directories === 'ignore') return undefined
    if (!found.isFile()) {
      const message = found.isDirectory() ? `${shown} is a directory, not a file.` : `${shown} is not a regular file.`
      throw new MetastoreError({ code, message, where: shown, remedy: 'Put a file of text in its place.' })
    }
    if (found.size > largestFile) throw tooLarge(request, found.size)
    bytes = await readFile(path)
  } catch (error) {
    if (error instanceof MetastoreError) throw error
    const reason = (error as NodeJS.ErrnoException).code
    if (reason === 'ENOENT' || reason === 'ENOTDIR') return undefined
    throw unreadable(shown, reason)
  }
  return decode(bytes, request)
}

function decode(bytes: Buffer, request: FileRequest): string {
  const { shown, code } = request
  const zero = bytes.indexOf(0)
  const valid = validLength(bytes)
  if (valid < bytes.length && (zero === -1 || valid < zero)) {
    throw new MetastoreError({
      code,
      message: `${shown} is not UTF-8 text.`,
      where: placeOf(bytes, valid, shown),
      remedy: 'Save the file as UTF-8.',
    })
  }
  if (zero !== -1) {
    throw new MetastoreError({
      code,
      message: `${shown} holds a zero byte.`,
      where: placeOf(bytes, zero, shown),
      remedy: 'Remove it, and save the file as UTF-8.',
    })
  }
  return new TextDecoder().decode(bytes)
}

// How many bytes from the start are UTF-8: that a prefix is broken is true of every longer one too, so halving finds it.
function validLength(bytes: Buffer): number {
  if (isUtf8(bytes, false)) return bytes.length
  let good = 0
  let bad = bytes.length
  while (good < bad) {
    const middle = Math.ceil((good + bad) / 2)
    if (isUtf8(bytes.subarray(0, middle), true)) good = middle
    else bad = middle - 1
  }
  // Of a character that began well and went wrong later, no byte is good.
  while (good > 0 && !isUtf8(bytes.subarray(0, good), false)) good -= 1
  return good
}

function isUtf8(bytes: Buffer, unfinished: boolean): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: unfinished })
    return true
  } catch {
    return false
  }
}

function placeOf(bytes: Buffer, offset: number, shown: string): string {
  const before = new TextDecoder().decode(bytes.subarray(0, offset))
  const { line, column } = lineAndColumn(before, before.length)
  return `${shown}:${line}:${column}`
}

function tooLarge({ code, shown }: FileRequest, size: number): MetastoreError {
  return new MetastoreError({
    code,
    message: `${shown} has ${(size / largestFile).toFixed(1)} MiB, more than the 1 MiB that a file of settings can have.`,
    where: shown,
    remedy: 'Make sure that it is the right file.',
  })
}

function unreadable(shown: string, reason: string | undefined): MetastoreError {
  const why =
    reason === 'EACCES' || reason === 'EPERM' ? 'permission was denied' : `the system said ${reason ?? 'nothing'}`
  return new MetastoreError({
    code: 'file_unreadable',
    message: `${shown} cannot be read: ${why}.`,
    where: shown,
    remedy: 'Make the file readable for the user who runs metastore.',
  })
}
