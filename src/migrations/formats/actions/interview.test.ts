import { describe, expect, test } from 'vitest'
import { actionTypes } from './declarations.ts'
import { interviewAction, type Answers, type Interviewee } from './interview.ts'

type Part = string | number

// Somebody who has an action in mind, and answers with what it has at the place that a question names.
function somebodyWith(action: Answers): Interviewee {
  const asked = new Set<string>()
  let questions = 0
  const at = (label: string) =>
    label
      .replaceAll(/ (\d+)/g, '.#$1')
      .split('.')
      .map((part): Part => (part.startsWith('#') ? Number(part.slice(1)) - 1 : part))
      .reduce<unknown>((value, part) => (value as Record<Part, unknown> | undefined)?.[part], action)
  const unasked = (label: string, keys: readonly string[]) =>
    keys.find(
      (key) =>
        !asked.has(`${label}.${key}`) &&
        asked.add(`${label}.${key}`) &&
        key in (label === '' ? action : (at(label) as object)),
    )
  const said = (label: string): string => {
    const value = at(label)
    if (typeof value === 'boolean') return value ? 'y' : 'n'
    if (typeof value === 'object' && value !== null) return '+'
    return typeof value === 'string' ? value : ''
  }
  return {
    known: () => [],
    tell: () => {},
    ask: (question) => {
      questions += 1
      if (questions > mostQuestions) throw new Error(`It does not end: ${question}`)
      const further = /^Further keys(?: of (?<label>.+?))?: (?<keys>.+)\. Which one\?/.exec(question)?.groups
      const more = /^ {2}(?<label>[\w. ]+): .*\. (?<which>One|Another one)\? \[y\/N\]$/.exec(question)?.groups
      const entry = /^ {2}(?<label>[\w. ]+): .* For which\?/.exec(question)?.groups
      const label = /^ {2}(?<label>[\w. ]+):/.exec(question)?.groups?.['label'] ?? ''
      if (further !== undefined)
        return Promise.resolve(unasked(further['label'] ?? '', (further['keys'] ?? '').split(/, | and /)) ?? '')
      if (more !== undefined) {
        const list = at(label) as unknown[] | undefined
        asked.add(label)
        const before = [...asked].filter((one) => one.startsWith(`more ${label} `)).length
        asked.add(`more ${label} ${before}`)
        const taken = more['which'] === 'One' ? 0 : before + (least.has(label) ? 1 : 0)
        return Promise.resolve((list?.length ?? 0) > taken ? 'y' : 'n')
      }
      if (entry !== undefined)
        return Promise.resolve(unasked(label, Object.keys((at(label) as object | undefined) ?? {})) ?? '')
      return Promise.resolve(said(label))
    },
  }
}

const mostQuestions = 200

// Lists of which the first element is not asked for.
const least = new Set(['columns', 'add'])

const actions: readonly Answers[] = [
  {
    type: 'create_table',
    name: 'totals',
    columns: [
      { name: 'id', type: 'BIGINT', generated: 'ALWAYS AS IDENTITY' },
      { name: 'cost', type: 'NUMERIC(12,2)', nullable: false, default: '0', comment: 'in euros' },
    ],
    primary_key: ['id', 'cost'],
    foreign_keys: [
      {
        columns: ['id'],
        referenced_table: 'runs',
        referenced_columns: ['id'],
        on_delete: 'CASCADE',
        on_update: 'NO ACTION',
      },
    ],
    checks: [{ expression: 'cost > 0' }, { name: 'cheap', expression: 'cost < 10' }],
    comment: 'what was spent',
    up: { table: 'runs', values: { id: 'id', cost: 'price' }, on_source_delete: 'delete', upsert_constraint: 'one' },
  },
  { type: 'rename_table', table: 'runs', new_name: 'jobs' },
  { type: 'remove_table', table: 'runs' },
  {
    type: 'add_column',
    table: 'runs',
    column: { name: 'vendor', type: 'TEXT', nullable: false },
    up: { table: 'vendors', value: 'vendors.name', where: 'vendors.id = runs.vendor_id' },
    on_insert: "'none'",
    up_errors: 'defer',
    backfill: 'select id, name as value from vendors',
  },
  { type: 'add_column', table: 'runs', column: { name: 'vendor', type: 'TEXT' }, up: "split_part(agent, '/', 1)" },
  {
    type: 'alter_column',
    table: 'runs',
    column: 'cost',
    up: 'cost::numeric',
    down: 'cost::text',
    changes: { type: 'NUMERIC', name: 'price', nullable: true },
  },
  { type: 'remove_column', table: 'runs', column: 'cost', down: "'0'" },
  {
    type: 'add_index',
    table: 'runs',
    index: {
      name: 'by_agent',
      columns: ['agent', { expression: 'lower(agent)', direction: 'DESC', nulls: 'LAST' }],
      unique: true,
      type: 'btree',
      where: 'agent is not null',
    },
  },
  { type: 'remove_index', index: 'by_agent' },
  {
    type: 'add_foreign_key',
    table: 'runs',
    foreign_key: { columns: ['a', 'b'], referenced_table: 'users', referenced_columns: ['a', 'b'] },
  },
  { type: 'remove_foreign_key', table: 'runs', foreign_key: 'runs_a_fkey' },
  { type: 'add_check', table: 'runs', check: { name: 'positive', expression: 'cost > 0' } },
  { type: 'remove_check', table: 'runs', check: 'positive' },
  { type: 'create_enum', name: 'mood', values: ['good', 'bad'] },
  {
    type: 'alter_enum',
    name: 'mood',
    add: [
      { value: 'fair', down: "'good'" },
      { value: 'poor', down: "'bad'" },
    ],
  },
  { type: 'remove_enum', enum: 'mood' },
  { type: 'tenant_isolation', table: 'runs', column: 'owner', setting: 'app.owner', roles: ['app', 'reports'] },
  { type: 'custom', start: 'select 1', complete: 'select 2', abort: 'select 3' },
]

describe('an interview', () => {
  test('is possible about every action', () => {
    expect([...new Set(actions.map(({ type }) => type))]).toEqual(actionTypes)
  })

  test.each(actions.map((action) => [action['type'] as string, action] as const))(
    'about %s comes to what its author has in mind',
    async (type, action) => {
      expect(await interviewAction(type, somebodyWith(action))).toEqual(action)
    },
  )

  test('asks again what cannot be, and says why', async () => {
    const answers = [
      '',
      'x'.repeat(64),
      'runs',
      '',
      'cost',
      'NUMERIC(',
      'numeric',
      'perhaps',
      'y',
      '',
      'cost +',
      '',
      'up_errors',
      'wait',
      'defer',
      'on_insrt',
      '',
    ]
    const told: string[] = []
    const who: Interviewee = {
      known: () => [],
      tell: (line) => told.push(line.trim()),
      ask: async () => answers.shift() ?? Promise.reject(new Error('There is no answer left.')),
    }
    expect(await interviewAction('add_column', who)).toEqual({
      type: 'add_column',
      table: 'runs',
      column: { name: 'cost', type: 'numeric', nullable: true },
      up_errors: 'defer',
    })
    expect(answers).toEqual([])
    expect(told).toEqual([
      'add_column adds a column to a table.',
      'It has to be said.',
      'It has 64 bytes, and 63 are allowed: PostgreSQL would cut it off. Shorten it by one byte.',
      'column: the column',
      'It has to be said.',
      expect.stringMatching(/^It does not parse as a type: /),
      'Answer y or n.',
      expect.stringMatching(/^It does not parse as an expression: /),
      'It is one of fail or defer.',
      'There is no key on_insrt. Did you mean on_insert?',
    ])
  })

  test('asks for the whole action again where its parts do not go together', async () => {
    const answers = ['runs', 'a', 'b', '', 'users', 'a', '', '', 'runs', 'a', '', 'users', 'a', '', '']
    const told: string[] = []
    const who: Interviewee = {
      known: () => [],
      tell: (line) => told.push(line),
      ask: async () => answers.shift() ?? Promise.reject(new Error('There is no answer left.')),
    }
    expect(await interviewAction('add_foreign_key', who)).toMatchObject({ foreign_key: { columns: ['a'] } })
    expect(told).toContain(
      'actions[0].foreign_key must have as many columns as referenced_columns. Name for each column the one that it refers to, in the same order.',
    )
  })
})
