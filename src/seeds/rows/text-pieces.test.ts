import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { textPieces } from './text-pieces.ts'

const directory = mkdtempSync(path.join(tmpdir(), 'metastore-text-'))
afterAll(() => rmSync(directory, { recursive: true }))

async function read(bytes: string | Buffer, skipLines = 0): Promise<string> {
  const absolutePath = path.join(directory, 'rows.csv')
  writeFileSync(absolutePath, bytes)
  let text = ''
  for await (const piece of textPieces({ absolutePath, path: 'd/rows.csv', skipLines })) text += piece
  return text
}

// More than one piece, the first of them without a letter beyond ASCII.
const long = `${'x'.repeat(99)}\n`.repeat(4_000)

describe('The text of a file', () => {
  test('is what was written, whatever letters stand where a piece ends', async () => {
    for (const letters of ['é', '😀', '\uFEFF']) {
      for (const before of [262_141, 262_142, 262_143, 262_144]) {
        const text = `${'x'.repeat(before)}${letters.repeat(3)}\n${long}${letters}`
        expect((await read(text)) === text).toBe(true)
      }
    }
  })

  test('begins behind the mark of its byte order and the lines to skip', async () => {
    expect(await read('\uFEFF# one\n# two\na,b\n', 2)).toBe('a,b\n')
  })

  test('is refused with the line in which it is none', async () => {
    const wrong = async (bytes: Buffer) => {
      const { message, where, remedy } = (await read(bytes).catch((error: unknown) => error)) as Record<string, unknown>
      return { message, where, remedy }
    }
    const remedy = 'Save the file as UTF-8 text, readable for the user who runs metastore.'
    const notText = { message: 'd/rows.csv is not UTF-8 text.', remedy }
    expect(await wrong(Buffer.from(`${long}a\0b\n`))).toEqual({
      message: 'd/rows.csv holds a zero byte, which no text has.',
      where: 'd/rows.csv:4001:1',
      remedy,
    })
    const byte = Buffer.from([0xe9, 0x0a])
    expect(await wrong(Buffer.concat([Buffer.from(long), byte, byte]))).toEqual({
      ...notText,
      where: 'd/rows.csv:4001:1',
    })
    // The beginning of a letter whose rest is missing.
    expect(await wrong(Buffer.concat([Buffer.from('a\nb'), Buffer.from([0xc3])]))).toEqual({
      ...notText,
      where: 'd/rows.csv:2:1',
    })
  })

  test('of a file that is gone is an error that names it', async () => {
    const gone = textPieces({ absolutePath: path.join(directory, 'gone'), path: 'd/gone.csv' })
    await expect(gone.next()).rejects.toMatchObject({
      code: 'file_unreadable',
      message: 'd/gone.csv cannot be read (ENOENT).',
      where: 'd/gone.csv',
    })
  })
})
