import { existsSync } from 'node:fs'
import path from 'node:path'
import { Client } from '@langchain/langgraph-sdk'
import { expect, test } from 'vitest'
import { startMetastore, type Child } from '../harness/child.ts'
import { temporaryDirectory } from '../harness/temporary-directory.ts'

// Each start takes seconds, so that there are two, without the audit, which takes longest and is tested by itself.
test('up makes everything in an empty directory, and after kill -9 everything is there again', async () => {
  const cwd = temporaryDirectory()
  const env = { METASTORE_SERVER_PORT: '0' }
  const first = startMetastore(['up', '--no-audit'], { cwd, env })
  const shown = await untilServing(first)
  expect(shown.text).toMatch(
    /^Setting up pglite:\.metastore\/assistant\n {2}schema {3}\d+ migrations applied\n {2}demo {5}13 files of rows applied\n {2}checked {2}\d+ expectations met\n\nServing /,
  )
  expect(shown.text).toContain(`curl -s ${shown.url}/runs/wait -H 'x-api-key: ${shown.key}' \\\n`)
  expect(await statusOf(shown.url, shown.key)).toBe(404)
  // What it says to try.
  const body = /-d '(\{.*\})'/.exec(shown.text)?.[1] ?? ''
  const client = new Client({ apiUrl: shown.url, apiKey: shown.key })
  const { thread_id } = await client.threads.create()
  const said = await client.runs.wait(thread_id, 'assistant', JSON.parse(body) as object)
  expect(JSON.stringify(said)).toContain('A transport is booked under Orders')
  first.process.kill('SIGKILL')
  expect(await first.ended).toMatchObject({ signal: 'SIGKILL' })

  const second = startMetastore(['up', '--no-audit'], { cwd, env })
  const again = await untilServing(second)
  expect(again.key).toBe('')
  expect(again.text).toContain('key      the one that was shown before; metastore up --new-key makes another')
  expect(await statusOf(again.url, shown.key)).toBe(404)
  expect(await statusOf(again.url, 'nonsense')).toBe(401)
  const later = new Client({ apiUrl: again.url, apiKey: shown.key })
  expect(await later.threads.get(thread_id)).toMatchObject({ status: 'idle', values: said })
  second.process.kill('SIGTERM')
  const ended = await second.ended
  expect([ended.status, ended.stdout.trimEnd().split('\n').at(-1)]).toEqual([
    0,
    'Stopped. metastore up goes on where it was.',
  ])
  expect(existsSync(path.join(cwd, '.metastore', 'assistant'))).toBe(true)
}, 600_000)

async function untilServing(child: Child): Promise<{ text: string; url: string; key: string }> {
  let text = ''
  child.process.stdout?.on('data', (more: string) => (text += more))
  await child.says('Ctrl-C stops it; nothing is lost.')
  const [url = ''] = /http:\/\/127\.0\.0\.1:\d+/.exec(text) ?? []
  const [key = ''] = /ms_[0-9a-f]{12}_[\w-]{43}/.exec(text) ?? []
  return { text, url, key }
}

async function statusOf(url: string, key: string): Promise<number> {
  return (await fetch(`${url}/assistants/00000000-0000-0000-0000-000000000001`, { headers: { 'x-api-key': key } }))
    .status
}
