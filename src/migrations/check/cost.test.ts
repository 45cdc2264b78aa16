import { expect, test } from 'vitest'
import { costOf, costSentence, rounded, severityOf, size } from './cost.ts'

const table = { schema: null, name: 'threads' }
const statistics = (rows: number | null, bytes: number, indexBytes = 0) => ({
  schema: 'public',
  name: 'threads',
  rows,
  bytes,
  indexBytes,
  columns: [],
})

test.each([
  ['index', 1_000_000, 80e6, 'P1', 'Here threads has 1 million rows in 80 MB: about 1 s.'],
  ['scan', 1_000_000, 80e6, 'P2', 'Here threads has 1 million rows in 80 MB: about 200 ms.'],
  ['scan', 3_000, 500e9, 'P0', 'Here threads has 3,000 rows in 500 GB: about 21 min.'],
  ['evaluate', 5e9, 1e12, 'P0', 'Here threads has 5 billion rows in 1000 GB: about 5.3 h.'],
  ['rewrite', 1, 8192, 'P2', 'Here threads has 1 row in 8.2 kB: about 1 ms.'],
  ['rewrite', null, 8192, 'P2', 'Here threads has 8.2 kB: about 1 ms.'],
] as const)('%s of %s rows is graded and forecast', (work, rows, bytes, severity, sentence) => {
  const cost = costOf(work, statistics(rows, bytes))
  expect(severityOf(cost)).toBe(severity)
  expect(costSentence(table, cost)).toBe(sentence)
})

test('what writes every row builds the indexes anew as well, what reads it does not', () => {
  const [small, large] = [statistics(1, 1e6), statistics(1, 1e6, 1e9)]
  expect(costOf('rewrite', large).seconds).toBeGreaterThan(costOf('rewrite', small).seconds)
  expect(costOf('scan', large).seconds).toBe(costOf('scan', small).seconds)
})

test('numbers are short', () => {
  expect([rounded(0), rounded(999.6), rounded(1234), rounded(1.25e6), rounded(2e9)]).toEqual([
    '0',
    '1,000',
    '1,234',
    '1.3 million',
    '2 billion',
  ])
  expect([size(0), size(81920), size(3.14e9)]).toEqual(['0 kB', '82 kB', '3.1 GB'])
})
