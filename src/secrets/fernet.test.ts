import { describe, expect, test } from 'vitest'
import { decodeBase64Url, encryptToken, fernetKey, isSignedBy, openToken, readToken } from './fernet.ts'

// https://github.com/fernet/spec: generate.json, verify.json and invalid.json.
const key = fernetKey(decodeBase64Url('cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=') ?? new Uint8Array())
const hello = 'gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA=='

test('the token of the specification is made, byte by byte', () => {
  const source = { seconds: Date.parse('1985-10-26T01:20:00-07:00') / 1000, iv: Uint8Array.from(Array(16).keys()) }
  expect(encryptToken(key, 'hello', source)).toBe(hello)
})

test('the token of the specification is read', () => {
  const parts = readToken(hello)
  expect(parts && isSignedBy(key, parts)).toBe(true)
  expect(parts && openToken(key, parts.signed)).toBe('hello')
})

describe('the invalid tokens of the specification', () => {
  test.each([
    ['too short', 'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPA=='],
    [
      'invalid base64',
      '%%%%%%%%%%%%%AECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykRtfsH-p1YsUD2Q==',
    ],
    [
      'payload size not multiple of block size',
      'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPOm73QeoCk9uGib28Xe5vz6oxq5nmxbx_v7mrfyudzUm',
    ],
  ])('%s: it has not the form of one', (_, token) => {
    expect(readToken(token)).toBeUndefined()
  })

  test('incorrect mac: the key did not sign it', () => {
    const token = 'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAl1-szkFVzXTuGb4hR8AKtwcaX1YdykQUFBQUFBQUFBQQ=='
    const parts = readToken(token)
    expect(parts && isSignedBy(key, parts)).toBe(false)
  })

  test.each([
    [
      'payload padding error',
      'gAAAAAAdwJ6xAAECAwQFBgcICQoLDA0ODz4LEpdELGQAad7aNEHbf-JkLPIpuiYRLQ3RtXatOYREu2FWke6CnJNYIbkuKNqOhw==',
    ],
    [
      'incorrect IV',
      'gAAAAAAdwJ6xBQECAwQFBgcICQoLDA0OD3HkMATM5lFqGaerZ-fWPAkLhFLHpGtDBRLRTZeUfWgHSv49TF2AUEZ1TIvcZjK1zQ==',
    ],
  ])('%s: it is signed and cannot be opened', (_, token) => {
    const parts = readToken(token)
    expect(parts && isSignedBy(key, parts)).toBe(true)
    expect(parts && openToken(key, parts.signed)).toBeUndefined()
  })
})
