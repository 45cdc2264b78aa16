import { stringify } from 'smol-toml'
import { expect, test } from 'vitest'
import { fc } from '../../../../test/harness/properties.ts'
import type { Action, ActionType } from '../../actions/action.ts'
import { parseMigration } from '../../formats.ts'
import type { MigrationFile } from '../../migration.ts'
import { identifyActions } from './identify.ts'

const isStorable = (text: string) => !/\0|\p{Surrogate}/u.test(text)

const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((text) => isStorable(text) && Buffer.byteLength(text) <= 63)
const names = fc.array(name, { minLength: 1, maxLength: 3 })
const words = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => isStorable(text))
const expression = fc.constantFrom(
  'a',
  "'it''s'",
  'lower("B c")',
  '(a, b)',
  'a\n  + 1',
  "E'\\\\' || ';'",
  'é',
  '(select 1)',
)
const type = fc.constantFrom('TEXT', 'NUMERIC(12,2)', 'text[]', '"My ""type"""')

/** A record whose optional keys are there or not. */
function record(
  required: Readonly<Record<string, fc.Arbitrary<unknown>>>,
  optional: Readonly<Record<string, fc.Arbitrary<unknown>>>,
): fc.Arbitrary<Readonly<Record<string, unknown>>> {
  return fc.record({ ...required, ...optional }, { requiredKeys: Object.keys(required) })
}

const column = record(
  { name, type },
  {
    nullable: fc.boolean(),
    default: expression,
    generated: fc.constantFrom('ALWAYS AS IDENTITY', 'ALWAYS AS (a + b) STORED'),
    comment: words,
  },
)
const referential = fc.constantFrom('NO ACTION', 'RESTRICT', 'CASCADE', 'SET NULL', 'SET DEFAULT')
const foreignKey = names.chain((columns) =>
  record(
    {
      columns: fc.constant(columns),
      referenced_table: name,
      referenced_columns: fc.array(name, { minLength: columns.length, maxLength: columns.length }),
    },
    { on_delete: referential, on_update: referential },
  ),
)
const order = { direction: fc.constantFrom('ASC', 'DESC'), nulls: fc.constantFrom('FIRST', 'LAST') }
const indexKey = fc.oneof(record({ column: name }, order), record({ expression }, order))
const index = record(
  { name, columns: fc.array(indexKey, { minLength: 1, maxLength: 3 }) },
  { unique: fc.boolean(), type: fc.constantFrom('btree', 'hash', 'gist', 'spgist', 'gin', 'brin'), where: expression },
)
const value = fc.oneof(expression, fc.record({ table: name, value: expression, where: expression }))
const query = fc.constantFrom('select id, 1 as value from runs')
const upErrors = fc.constantFrom('fail', 'defer')
const script = fc.constantFrom('select 1', 'create table a (b int);\n-- more\ninsert into a values (1);')
const keyedBy = <Value>(values: fc.Arbitrary<Value>) =>
  fc.dictionary(
    name.filter((key) => key !== '__proto__'),
    values,
    { maxKeys: 3, noNullPrototype: true },
  )

/** Legal actions of every type, as the program has them after reading. */
const kinds: Record<ActionType, fc.Arbitrary<object>> = {
  create_table: record(
    { name, columns: fc.array(column, { minLength: 1, maxLength: 3 }), primary_key: names },
    {
      foreign_keys: fc.array(foreignKey, { maxLength: 2 }),
      checks: fc.array(record({ expression }, { name }), { maxLength: 2 }),
      comment: words,
      up: record(
        { table: name, values: keyedBy(expression) },
        { upsert_constraint: name, where: words, on_source_delete: fc.constantFrom('keep', 'delete') },
      ),
    },
  ),
  rename_table: fc.record({ table: name, new_name: name }),
  remove_table: fc.record({ table: name }),
  add_column: record(
    { table: name, column },
    { up: value, on_insert: expression, up_errors: upErrors, backfill: query },
  ),
  alter_column: record(
    { table: name, column: name },
    {
      up: expression,
      down: expression,
      changes: record({}, { name, type, nullable: fc.boolean(), default: expression, comment: words }),
      on_insert: expression,
      up_errors: upErrors,
      backfill: query,
    },
  ),
  remove_column: record({ table: name, column: name }, { down: value }),
  add_index: fc.record({ table: name, index }),
  remove_index: fc.record({ index: name }),
  add_foreign_key: fc.record({ table: name, foreign_key: foreignKey }),
  remove_foreign_key: fc.record({ table: name, foreign_key: name }),
  create_enum: fc.record({ name, values: fc.array(words, { maxLength: 3 }) }),
  alter_enum: fc.record({
    name,
    add: fc.array(fc.record({ value: words, down: expression }), { minLength: 1, maxLength: 3 }),
  }),
  remove_enum: fc.record({ enum: name }),
  add_check: fc.record({ table: name, check: fc.record({ name, expression }) }),
  remove_check: fc.record({ table: name, check: name }),
  tenant_isolation: record(
    { table: name },
    { column: name, setting: fc.constantFrom('app.tenant_id', 'a.b.c'), roles: names },
  ),
  custom: record({}, { start: script, complete: script, abort: script }),
}

const action = fc.oneof(
  ...Object.entries(kinds).map(([kind, keys]) => keys.map((rest) => ({ type: kind, ...rest }) as Action)),
)

async function read(source: string, extension: string) {
  const identity = await identifyActions(source, extension)
  const path = `m/1_a${extension}`
  const file: MigrationFile = {
    name: identity?.name ?? '1_a',
    version: '1',
    path,
    absolutePath: path,
    format: 'actions',
    source,
    checksum: identity?.checksum ?? '',
  }
  const { up, description } = await parseMigration(file, 'postgres')
  return { name: file.name, checksum: file.checksum, description, actions: up.kind === 'actions' ? up.actions : [] }
}

test('scenario 2: any legal actions come out of TOML, inline TOML and JSON as they went in, with one checksum', async () => {
  const file = record(
    { actions: fc.array(action, { maxLength: 4 }) },
    { name: name.filter((text) => Buffer.byteLength(text) <= 53), description: words },
  )
  await fc.assert(
    fc.asyncProperty(file, async (content) => {
      const toml = await read(stringify(content), '.toml')
      expect(toml.actions).toEqual(content['actions'])
      expect(toml.description).toBe(content['description'])
      expect(toml.name).toBe(content['name'] ?? '1_a')
      expect(await read(JSON.stringify(content), '.json')).toEqual(toml)
      expect(await read(inline(content), '.toml')).toEqual(toml)
    }),
    { numRuns: 300 },
  )
})

/** TOML in which every table is inline, as JSON is but for the sign between key and value. */
function inline(content: object): string {
  return Object.entries(content)
    .map(([key, inner]) => `${key} = ${inlineValue(inner)}`)
    .join('\n')
}

function inlineValue(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inlineValue).join(', ')}]`
  if (typeof value !== 'object' || value === null) return quoted(value)
  return `{ ${Object.entries(value)
    .map(([key, inner]) => `${quoted(key)} = ${inlineValue(inner)}`)
    .join(', ')} }`
}

// JSON leaves as it is what TOML wants escaped.
function quoted(value: unknown): string {
  return JSON.stringify(value).replaceAll('\u007f', '\\u007f')
}
