import { expect, test } from 'vitest'
import { renderPlanComment } from './plan-markdown.ts'

test('names and SQL of a plan cannot end the table or the block that they stand in', () => {
  const sql = "comment on table a is '```\n</details>'"
  const comment = renderPlanComment([
    {
      database: 'main|<b>',
      address: 'postgres://localhost/app',
      plan: {
        bookkeeping: [],
        migrations: [
          {
            name: '001_a',
            path: 'migrations/001_a.sql',
            direction: 'up',
            atomic: true,
            steps: [{ kind: 'transaction', label: sql, sql }],
          },
        ],
      },
      preflight: [{ code: 'transaction_open', severity: 'P1', message: 'One|two.', remedy: 'Wait.' }],
    },
    { database: 'empty', address: 'sqlite:a.db', plan: { bookkeeping: [], migrations: [] } },
  ])
  expect(comment.split('\n')).toEqual([
    String.raw`### Plan for main\|\<b\>`,
    '',
    '1 migration to run on postgres://localhost/app.',
    '',
    '|  | in the way right now | what to do |',
    '| --- | --- | --- |',
    String.raw`| P1 | One\|two. | Wait. |`,
    '',
    String.raw`**001\_a** (up, in one transaction)`,
    '',
    '<details><summary>1 step in SQL</summary>',
    '',
    '````sql',
    "comment on table a is '```",
    "</details>';",
    '````',
    '',
    '</details>',
    '',
    '### Plan for empty',
    '',
    'Nothing to run on sqlite:a.db.',
  ])
})
