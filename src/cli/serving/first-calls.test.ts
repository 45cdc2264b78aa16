import { expect, test } from 'vitest'
import { firstCalls } from './first-calls.ts'

test('what to try first has the key where one is needed, and none where everybody may ask', () => {
  const [curl, body, , , client] = firstCalls('http://127.0.0.1:2024', 'ms_1')
  expect([curl, client]).toEqual([
    "curl -s http://127.0.0.1:2024/runs/wait -H 'x-api-key: ms_1' \\",
    "const client = new Client({ apiUrl: 'http://127.0.0.1:2024', apiKey: 'ms_1' })",
  ])
  expect(body).toBe(`  -d '{"assistant_id":"assistant","input":{"messages":["How do I book a transport?"]}}'`)
  const [open, , , , anybody] = firstCalls('http://127.0.0.1:2024', undefined)
  expect([open, anybody]).toEqual([
    'curl -s http://127.0.0.1:2024/runs/wait \\',
    "const client = new Client({ apiUrl: 'http://127.0.0.1:2024' })",
  ])
})
