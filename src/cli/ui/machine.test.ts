import { expect, test } from 'vitest'
import { jsonLines, jsonLog, jsonProgress } from './machine.ts'

function written() {
  const texts: string[] = []
  const write = jsonLines({ write: (text) => texts.push(text) }, () => new Date(0))
  return { write, objects: () => texts.map((text) => JSON.parse(text) as Record<string, unknown>), texts }
}

test('each event of progress is one line of JSON with its time', () => {
  const { write, texts } = written()
  const listen = jsonProgress(write, () => 0)
  listen({ kind: 'begin', task: 'migrate', total: 2 })
  listen({ kind: 'notice', message: 'Waiting\nfor process 7.' })
  listen({ kind: 'end', task: 'migrate' })
  expect(texts).toEqual([
    '{"time":"1970-01-01T00:00:00.000Z","event":"begin","task":"migrate","total":2}\n',
    '{"time":"1970-01-01T00:00:00.000Z","event":"notice","message":"Waiting\\nfor process 7."}\n',
    '{"time":"1970-01-01T00:00:00.000Z","event":"end","task":"migrate"}\n',
  ])
})

test('of many advances only some are written, and always the last and those that begin something', () => {
  const { write, objects } = written()
  let clock = 0
  const listen = jsonProgress(write, () => clock)
  const advance = (done: number, label: string) => listen({ kind: 'advance', task: 'backfill', done, label })
  advance(1, 'runs')
  advance(2, 'runs')
  clock = 199
  advance(3, 'runs')
  clock = 200
  advance(4, 'runs')
  advance(5, 'notes')
  advance(6, 'notes')
  listen({ kind: 'end', task: 'backfill' })
  expect(objects().map(({ event, done }) => [event, done])).toEqual([
    ['advance', 1],
    ['advance', 4],
    ['advance', 5],
    ['advance', 6],
    ['end', undefined],
  ])
})

test('a line of the log has its level and its command, and neither colour nor empty lines', () => {
  const { write, objects } = written()
  const log = jsonLog(write, 'migrate')
  log('info', '  \u001B[32mapplied\u001B[39m 001_users  12 ms')
  log('info', '')
  log('error', 'There is no database.', { code: 'database_unknown' })
  const time = '1970-01-01T00:00:00.000Z'
  expect(objects()).toEqual([
    { time, level: 'info', command: 'migrate', message: 'applied 001_users  12 ms' },
    { time, level: 'error', command: 'migrate', message: 'There is no database.', code: 'database_unknown' },
  ])
})
