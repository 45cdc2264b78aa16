import { createCipheriv, createDecipheriv, createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** A Fernet key: its first half signs, its second half encrypts. */
export interface FernetKey {
  readonly signing: Uint8Array
  readonly encryption: Uint8Array
}

/** What a new token is made with; for tests, which compare with tokens that are known. */
export interface TokenSource {
  readonly seconds: number
  readonly iv: Uint8Array
}

const version = 0x80
const head = 1 + 8 + 16
const macLength = 32

/** The bytes of text in URL-safe base64 with its padding, or undefined: nothing that Node would overlook is let pass. */
export function decodeBase64Url(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url')
  return encodeBase64Url(bytes) === text ? bytes : undefined
}

/** Bytes in URL-safe base64 with padding, as Fernet writes keys and tokens. */
export function encodeBase64Url(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64').replaceAll('+', '-').replaceAll('/', '_')
}

/** A key of 32 bytes. */
export function fernetKey(bytes: Uint8Array): FernetKey {
  return { signing: bytes.subarray(0, 16), encryption: bytes.subarray(16, 32) }
}

/** Encrypts text as a Fernet token, https://github.com/fernet/spec. */
export function encryptToken(key: FernetKey, plaintext: string, source: TokenSource = fresh()): string {
  const cipher = createCipheriv('aes-128-cbc', key.encryption, source.iv)
  const start = Buffer.alloc(9, version)
  start.writeBigUInt64BE(BigInt(source.seconds), 1)
  const signed = Buffer.concat([start, source.iv, cipher.update(plaintext, 'utf8'), cipher.final()])
  return encodeBase64Url(Buffer.concat([signed, sign(key, signed)]))
}

/** The parts of a token, or undefined when the text has not the form of one. */
export function readToken(text: string): { readonly signed: Buffer; readonly mac: Buffer } | undefined {
  const bytes = decodeBase64Url(text)
  if (bytes === undefined || bytes[0] !== version) return undefined
  const cipherLength = bytes.length - head - macLength
  if (cipherLength < 16 || cipherLength % 16 !== 0) return undefined
  return { signed: bytes.subarray(0, -macLength), mac: bytes.subarray(-macLength) }
}

/** Whether a key signed the token. */
export function isSignedBy(key: FernetKey, { signed, mac }: { signed: Buffer; mac: Buffer }): boolean {
  return timingSafeEqual(sign(key, signed), mac)
}

/** The text of a token that the key signed, or undefined when what was signed is damaged, or no UTF-8. */
export function openToken(key: FernetKey, signed: Buffer): string | undefined {
  const decipher = createDecipheriv('aes-128-cbc', key.encryption, signed.subarray(9, head))
  try {
    const plain = Buffer.concat([decipher.update(signed.subarray(head)), decipher.final()])
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(plain)
  } catch {
    return undefined
  }
}

function sign(key: FernetKey, signed: Uint8Array): Buffer {
  return createHmac('sha256', key.signing).update(signed).digest()
}

function fresh(): TokenSource {
  return { seconds: Math.floor(Date.now() / 1000), iv: randomBytes(16) }
}
