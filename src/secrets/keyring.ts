import { createHmac, randomBytes } from 'node:crypto'
import { MetastoreError } from '../errors.ts'
import {
  decodeBase64Url,
  encodeBase64Url,
  encryptToken,
  fernetKey,
  isSignedBy,
  openToken,
  readToken,
  type FernetKey,
} from './fernet.ts'

/** What became of a token: its text and the key that fits, counted from 1, or why there is none. */
export type Opened =
  { readonly text: string; readonly key: number } | { readonly fault: 'not_a_token' | 'no_key' | 'damaged' }

/** Several Fernet keys: the first encrypts, all decrypt. */
export interface Keyring {
  /** How many keys there are. */
  readonly size: number
  /** A token of the text, under the first key. */
  encrypt(plaintext: string): string
  /** The text of a token. Throws `token_invalid`. */
  decrypt(token: string): string
  /** What becomes of a token, with the position of the key that fits. Never throws. */
  open(token: string): Opened
  /** What tells whether two values are equal, and nothing else of them: an HMAC under the first key. */
  fingerprint(value: string): string
}

/** A new key, as FERNET_KEY takes it. */
export function generateKey(): string {
  return encodeBase64Url(randomBytes(32))
}

/** The keys of a text, as they stand there; separated by commas or white space. */
export function splitKeys(text: string): string[] {
  return text.split(/[\s,]+/).filter((part) => part !== '')
}

/** Reads a keyring; `where` says where the text is from. Throws `key_invalid`, which never shows a key. */
export function parseKeyring(text: string, where: string): Keyring {
  const words = splitKeys(text)
  const keys = words.map((word, index) => readKey(word, `${where}, key ${index + 1} of ${words.length}`))
  const twice = words.findIndex((word, index) => words.indexOf(word) !== index)
  if (twice !== -1) {
    throw keyInvalid(`The key stands there twice.`, `${where}, key ${twice + 1} of ${words.length}`)
  }
  const [newest] = keys
  if (newest === undefined) throw keyInvalid('There is no key.', where)
  return keyringOf(newest, keys)
}

function keyringOf(newest: FernetKey, keys: readonly FernetKey[]): Keyring {
  const open = (token: string): Opened => {
    const parts = readToken(token)
    if (parts === undefined) return { fault: 'not_a_token' }
    for (const [index, key] of keys.entries()) {
      if (!isSignedBy(key, parts)) continue
      const text = openToken(key, parts.signed)
      return text === undefined ? { fault: 'damaged' } : { text, key: index + 1 }
    }
    return { fault: 'no_key' }
  }
  return {
    size: keys.length,
    encrypt: (plaintext) => encryptToken(newest, plaintext),
    open,
    decrypt(token) {
      const opened = open(token)
      if ('fault' in opened) throw tokenInvalid(opened.fault, keys.length)
      return opened.text
    },
    // Another name than the token's own signatures, so that neither can stand for the other.
    fingerprint: (value) =>
      createHmac('sha256', newest.signing).update('metastore fingerprint\0').update(value, 'utf8').digest('base64url'),
  }
}

function readKey(word: string, where: string): FernetKey {
  const bytes = decodeBase64Url(word)
  if (bytes?.length === 32) return fernetKey(bytes)
  throw keyInvalid(`A key is 32 bytes in URL-safe base64, 44 characters; ${whatItIs(word, bytes)}.`, where)
}

function whatItIs(word: string, bytes: Buffer | undefined): string {
  if (word.startsWith('gAAAA') && word.length > 44) return 'this looks like a token, not a key'
  if (word.length !== 44) return `this is ${word.length} character${word.length === 1 ? '' : 's'}`
  if (/^[A-Za-z0-9+/]+=$/.test(word)) return 'this is base64 that is not URL-safe (it has + or / for - and _)'
  return bytes === undefined ? 'this has characters that do not belong there' : `this is ${bytes.length} bytes`
}

function keyInvalid(message: string, where: string): MetastoreError {
  return new MetastoreError({
    code: 'key_invalid',
    message,
    where,
    remedy: 'Make a key with metastore keys generate. Several keys stand side by side with a comma, the newest first.',
  })
}

const faults = {
  not_a_token: 'The value is not a Fernet token.',
  no_key: 'No key of the keyring fits the token.',
  damaged: 'The token was made with a key of the keyring, and what it holds is damaged.',
} as const

function tokenInvalid(fault: keyof typeof faults, size: number): MetastoreError {
  return new MetastoreError({
    code: 'token_invalid',
    message: faults[fault],
    remedy:
      fault === 'no_key'
        ? `Add the key it was made with behind the ${size === 1 ? 'key' : `${size} keys`} that there ${size === 1 ? 'is' : 'are'}, or store the value anew.`
        : 'Store the value anew.',
  })
}
