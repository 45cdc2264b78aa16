import { describe, expect, test } from 'vitest'
import { MetastoreError } from '../errors.ts'
import { generateKey, parseKeyring } from './keyring.ts'

// Throw-away keys: the bytes 0 to 31, and 100 to 131.
const first = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8='
const second = 'ZGVmZ2hpamtsbW5vcHFyc3R1dnd4eXp7fH1-f4CBgoM='

// Made by Python's cryptography, Fernet._encrypt_from_parts.
const recorded = [
  [first, '', 'gAAAAABlU_EAAAECAwQFBgcICQoLDA0OD7eteCFsVWnW2hqrh_bbxWG2kgARxHn5BD1_8db41B-9AjTeFsfNLWkqNE3aSOKVfQ=='],
  [
    second,
    'sk-test-0123456789abcdef',
    'gAAAAABlU_EAAAECAwQFBgcICQoLDA0OD2lA00Cd_3QgVdydP39b6oalexWpS5OEwYKDhLtfV6KkzR9iyaYA2LGLncSxqZ1v-VHzUrcJZb5dfmLRdecwG7Q=',
  ],
  [
    first,
    'ключ 🔑 \0 x'.repeat(3),
    'gAAAAABlU_EAAAECAwQFBgcICQoLDA0ODzp_feuTFGSLJt-krbALBpfHZ2QiAp88gD0Ikff7ZwAvyW1Pyx5LkuaUWelBArsHJtMLebiZVkXNi_llj8Tp0Mfx5D-GcnN16zPxUatQj-IkMmO1jkasFBg8seow5QE4vg==',
  ],
] as const

test("tokens of Python's cryptography are read, whichever key of the ring made them", () => {
  const ring = parseKeyring(`${second}, ${first}`, 'FERNET_KEY')
  for (const [key, text, token] of recorded) {
    expect(ring.open(token)).toEqual({ text, key: key === second ? 1 : 2 })
    expect(ring.decrypt(token)).toBe(text)
  }
})

test('the first key encrypts, and no two tokens of a text are equal', () => {
  const ring = parseKeyring(`${second}\n${first}`, 'FERNET_KEY')
  const token = ring.encrypt('sk-test')
  expect(ring.encrypt('sk-test')).not.toBe(token)
  expect(parseKeyring(second, 'FERNET_KEY').decrypt(token)).toBe('sk-test')
  expect(parseKeyring(first, 'FERNET_KEY').open(token)).toEqual({ fault: 'no_key' })
})

test('a generated key is a key, and another each time', () => {
  const key = generateKey()
  expect(parseKeyring(key, 'there').size).toBe(1)
  expect(generateKey()).not.toBe(key)
})

test('a fingerprint tells equal values apart from others, under one key only', () => {
  const ring = parseKeyring(first, 'FERNET_KEY')
  expect(ring.fingerprint('a')).toBe(parseKeyring(`${first},${second}`, 'FERNET_KEY').fingerprint('a'))
  expect(ring.fingerprint('a')).not.toBe(ring.fingerprint('b'))
  expect(ring.fingerprint('a')).not.toBe(parseKeyring(second, 'FERNET_KEY').fingerprint('a'))
})

const remedy =
  'Make a key with metastore keys generate. Several keys stand side by side with a comma, the newest first.'

describe('a malformed key is named with its place and what it is, never with its value', () => {
  const form = 'A key is 32 bytes in URL-safe base64, 44 characters;'
  test.each([
    [`${first},${second.slice(1)}`, `${form} this is 43 characters.`, 'FERNET_KEY, key 2 of 2'],
    ['x', `${form} this is 1 character.`, 'FERNET_KEY, key 1 of 1'],
    [recorded[0][2], `${form} this looks like a token, not a key.`, 'FERNET_KEY, key 1 of 1'],
    [
      first.replace('AAEC', '++//'),
      `${form} this is base64 that is not URL-safe (it has + or / for - and _).`,
      'FERNET_KEY, key 1 of 1',
    ],
    [
      `${first.slice(0, 20)}!${first.slice(21)}`,
      `${form} this has characters that do not belong there.`,
      'FERNET_KEY, key 1 of 1',
    ],
    ['A'.repeat(44), `${form} this is 33 bytes.`, 'FERNET_KEY, key 1 of 1'],
    [`${first} ${first}`, 'The key stands there twice.', 'FERNET_KEY, key 2 of 2'],
    [' ,\n', 'There is no key.', 'FERNET_KEY'],
  ])('%#', (text, message, where) => {
    expect(failureOf(() => parseKeyring(text, 'FERNET_KEY'))).toEqual({
      code: 'key_invalid',
      message,
      where,
      remedy,
      details: [],
    })
  })
})

describe('a token that cannot be decrypted says why, and shows nothing of it', () => {
  const padding = 'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0ODz4LEpdELGQAad7aNEHbf-JkLPIpuiYRLQ3RtXatOYREu2FWke6CnJNYIbkuKNqOhw=='
  test.each([
    [first, 'sk-plain', 'The value is not a Fernet token.', 'Store the value anew.'],
    [
      'cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=',
      padding,
      'The token was made with a key of the keyring, and what it holds is damaged.',
      'Store the value anew.',
    ],
    [
      first,
      recorded[1][2],
      'No key of the keyring fits the token.',
      'Add the key it was made with behind the key that there is, or store the value anew.',
    ],
  ])('%#', (key, token, message, expected) => {
    expect(failureOf(() => parseKeyring(key, 'there').decrypt(token))).toEqual({
      code: 'token_invalid',
      message,
      where: null,
      remedy: expected,
      details: [],
    })
  })

  test('every single changed byte of a token is noticed', () => {
    const ring = parseKeyring(second, 'there')
    const bytes = Buffer.from(recorded[1][2], 'base64url')
    for (let at = 0; at < bytes.length; at++) {
      const changed = Buffer.from(bytes)
      changed[at] = (changed[at] ?? 0) ^ 1
      const token = changed.toString('base64').replaceAll('+', '-').replaceAll('/', '_')
      expect(ring.open(token)).toHaveProperty('fault')
    }
  })
})

function failureOf(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    if (error instanceof MetastoreError) return error.toJSON()
    throw error
  }
  throw new Error('Nothing was thrown.')
}
