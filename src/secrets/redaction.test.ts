import { describe, expect, test } from 'vitest'
import { knownSecrets } from './redaction.ts'

function redacted(secret: string, text: string): string {
  const secrets = knownSecrets()
  secrets.add(secret)
  return secrets.redact(text)
}

describe('a secret is taken out of text', () => {
  const secret = `p"a'ss\\wörd &1<x>`
  test.each([
    ['as it is', secret],
    ['in JSON', JSON.stringify(secret).slice(1, -1)],
    ['in JSON in JSON', JSON.stringify(JSON.stringify(secret)).slice(3, -3)],
    ['in a URL', encodeURIComponent(secret)],
    ['in a form', encodeURIComponent(secret).replaceAll('%20', '+')],
    ['in SQL', secret.replaceAll("'", "''")],
    ['in SQL with escapes', secret.replaceAll('\\', '\\\\').replaceAll("'", "''")],
    ['in HTML', secret.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')],
  ])('%s', (_, spelling) => {
    expect(redacted(secret, `before ${spelling}; after ${spelling}`)).toBe('before ***; after ***')
  })

  test('every time, with the longer one first where one is a part of another', () => {
    const secrets = knownSecrets()
    secrets.add('hunter2')
    secrets.add('hunter2hunter3')
    expect(secrets.redact('hunter2hunter3 xhunter2y')).toBe('*** x***y')
  })

  test('where a line that is too long was cut in the middle of it', () => {
    expect(redacted('sk-0123456789', "insert into keys values ('sk-012345…")).toBe("insert into keys values ('***…")
    expect(redacted('sk-0123456789', "…3456789', 'sk-01…")).toBe("…***', 'sk-01…")
  })

  test('line by line, however its lines are indented', () => {
    expect(redacted('-----BEGIN\nMIIEvQIBADAN\nend', 'a\n    MIIEvQIBADAN\nend')).toBe('a\n    ***\nend')
  })
})

describe('ordinary text stays', () => {
  test.each([
    ['a password of five characters', 'table', 'alter table "table"'],
    ['one that is a word of ours', 'postgres', 'postgres://postgres@localhost'],
    ['one that is part of another word', 'secret', 'secretary and secrets'],
  ])('%s', (_, secret, text) => {
    expect(redacted(secret, text)).toBe(text)
  })

  test('nothing is a secret before one is known', () => {
    expect(knownSecrets().redact('hunter2')).toBe('hunter2')
  })
})
