import { execFileSync } from 'node:child_process'
import { chmodSync, symlinkSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { directoryWith, readingRefusal as refusal } from '../test/harness/migration-sources.ts'

describe('a file that is no text', () => {
  test.each<[string, Buffer, number, string, number, string]>([
    ['a byte of Latin-1', Buffer.from('-- é\nselect \xe9', 'latin1'), 3, 'e9', 1, '1:4'],
    ['a byte on a later line', Buffer.concat([Buffer.from('é\n😀 '), Buffer.from([0xff])]), 8, 'ff', 2, '2:3'],
    [
      'a character that is cut off',
      Buffer.concat([Buffer.from('ab'), Buffer.from([0xf0, 0x9f, 0x98])]),
      2,
      'f0',
      1,
      '1:3',
    ],
    ['an overlong encoding', Buffer.from([0x61, 0xc0, 0xaf]), 1, 'c0', 1, '1:2'],
    ['a surrogate', Buffer.from([0x61, 0xed, 0xa0, 0x80]), 1, 'ed', 1, '1:2'],
  ])('a file that is not UTF-8: %s', async (_, bytes, offset, hexadecimal, line, place) => {
    expect(await refusal(directoryWith({ '001_a.sql': bytes }))).toEqual({
      code: 'file_unreadable',
      message: `migrations/001_a.sql is not UTF-8 text: byte ${offset} (0x${hexadecimal}), on line ${line}, cannot stand there.`,
      where: `migrations/001_a.sql:${place}`,
      remedy: 'Save the file as UTF-8.',
      details: [],
    })
  })

  test('a file in UTF-16', async () => {
    const bytes = Buffer.from('\ufeffselect 1', 'utf16le')
    expect(await refusal(directoryWith({ '001_a.sql': bytes }))).toMatchObject({
      code: 'file_unreadable',
      message: 'migrations/001_a.sql is UTF-16 text, not UTF-8.',
      where: 'migrations/001_a.sql',
    })
  })

  test('a file with a zero byte', async () => {
    expect(await refusal(directoryWith({ '001_a.sql': '\ufeff-- é\n 😀\0' }))).toEqual({
      code: 'file_unreadable',
      message: 'migrations/001_a.sql holds a zero byte, which no text has.',
      where: 'migrations/001_a.sql:2:3',
      remedy: 'Save the file as UTF-8 text, and remove the zero byte.',
      details: [],
    })
  })

  test('a link that leads nowhere', async () => {
    const directory = directoryWith({})
    symlinkSync(path.join(directory.absolute, 'gone'), path.join(directory.absolute, '001_a.sql'))
    expect(await refusal(directory)).toEqual({
      code: 'file_unreadable',
      message: 'migrations/001_a.sql cannot be read: it does not exist.',
      where: 'migrations/001_a.sql',
      remedy: 'Mend the link, or remove it.',
      details: [],
    })
  })

  test('a link to itself', async () => {
    const directory = directoryWith({})
    symlinkSync('001_a.sql', path.join(directory.absolute, '001_a.sql'))
    expect(await refusal(directory)).toMatchObject({
      code: 'file_unreadable',
      message: 'migrations/001_a.sql cannot be read: it is a link to itself.',
    })
  })

  test('a pipe, which is not waited for', async () => {
    const directory = directoryWith({})
    execFileSync('mkfifo', [path.join(directory.absolute, '001_a.sql')])
    expect(await refusal(directory)).toEqual({
      code: 'file_unreadable',
      message: 'migrations/001_a.sql cannot be read: it is not a regular file.',
      where: 'migrations/001_a.sql',
      remedy: 'Put a regular file there, or remove it.',
      details: [],
    })
  })

  test('a file that the user may not read', async () => {
    const directory = directoryWith({ '001_a.sql': '' })
    chmodSync(path.join(directory.absolute, '001_a.sql'), 0o000)
    // The superuser may read everything, so for a moment this process is nobody.
    const user = process.geteuid?.()
    if (user === 0) process.seteuid?.(65_534)
    try {
      expect(await refusal(directory)).toEqual({
        code: 'file_unreadable',
        message: 'migrations/001_a.sql cannot be read: permission denied.',
        where: 'migrations/001_a.sql',
        remedy: 'Make it readable for the user who runs metastore.',
        details: [],
      })
    } finally {
      if (user === 0) process.seteuid?.(0)
    }
  })
})
