import { expect, test } from 'vitest'
import { sendWebhook } from './delivery.ts'
import { isPublicAddress } from './public-address.ts'
import { pauseAfter } from './send-webhooks.ts'

const base = 'http://127.0.0.1:9'
const message = { id: 'm', body: '{"a":1}' }
const never = new AbortController().signal

test('addresses of private networks are known in all their forms', () => {
  for (const address of [
    '127.0.0.1',
    '10.1.2.3',
    '172.31.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:127.0.0.1',
    '::ffff:10.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    'fd00::1',
    'fe80::1',
    'ff02::1',
    'not an address',
  ]) {
    expect([address, isPublicAddress(address)]).toEqual([address, false])
  }
  for (const address of ['8.8.8.8', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8']) {
    expect([address, isPublicAddress(address)]).toEqual([address, true])
  }
})

test('nothing is sent to an address of a private network, nor to a name that leads to one', async () => {
  for (const host of ['127.0.0.1', 'localhost', '[::1]', '2130706433', '0x7f.1', '[::ffff:127.0.0.1]']) {
    const sent = await sendWebhook({ ...message, url: `http://${host}:9/` }, { base }, never)
    const reason = 'The address is one of a private network.'
    expect([host, sent]).toEqual([host, { kind: 'failed', reason, isFinal: true }])
  }
})

test('a path leads to the base, wherever that is', async () => {
  const sent = await sendWebhook({ ...message, url: '/hooks' }, { base }, never)
  expect(sent).toEqual({
    kind: 'failed',
    reason: 'The message could not be sent: ECONNREFUSED.',
    isFinal: false,
  })
})

test('the pauses between attempts grow up to six hours, and after twenty attempts there is no other', () => {
  expect([1, 2, 3, 12, 13, 19, 20].map((made) => pauseAfter(made, never))).toEqual([
    5,
    10,
    20,
    10_240,
    20_480,
    21_600,
    undefined,
  ])
  expect(pauseAfter(20, AbortSignal.abort())).toBe(0)
})
