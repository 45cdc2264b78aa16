import type { ForeignKey, PgColumn, PgPolicy, PgTable } from 'drizzle-orm/pg-core'
import type { getTableConfig } from 'drizzle-orm/pg-core'
import { columnText } from './columns.ts'
import { indexText } from './indexes.ts'
import { quoted } from '../quoting.ts'
import type { Writer } from './sql-text.ts'

/** A statement of a desired state, and what it is about. */
export interface ModelStatement {
  /** As `table users`. */
  readonly about: string
  readonly text: string
}

type TableConfig = ReturnType<typeof getTableConfig>

/** A table with everything that stands alone: columns, keys, checks; then its indexes and row security. */
export function tableStatements(writer: Writer, config: TableConfig): ModelStatement[] {
  const name = writer.name(config.schema, config.name)
  const about = `table ${config.name}`
  const lines = [
    ...config.columns.map((column) => columnText(writer, column, config.schema)),
    ...primaryKeys(writer, config),
    ...uniques(writer, config),
    ...config.checks.map(({ name: check, value }) => `constraint ${quoted(check)} check (${writer.text(value)})`),
  ]
  return [
    { about, text: `create table ${name} (\n  ${lines.join(',\n  ')}\n)` },
    ...config.indexes.map((index) => ({ about: `an index of ${about}`, text: indexText(writer, index, config) })),
    ...(config.enableRLS || config.policies.length > 0
      ? [{ about, text: `alter table ${name} enable row level security` }]
      : []),
  ]
}

function primaryKeys(writer: Writer, { columns, primaryKeys: composite }: TableConfig): string[] {
  const single = columns.filter(({ primary }) => primary)
  const inline = single.length === 0 ? [] : [`primary key (${columnList(writer, single)})`]
  return [
    ...inline,
    ...composite.map((key) => {
      const name = recased(writer, key.getName(), key.columns)
      return `constraint ${quoted(name)} primary key (${columnList(writer, key.columns)})`
    }),
  ]
}

function uniques(writer: Writer, { columns, uniqueConstraints }: TableConfig): string[] {
  const clause = (name: string | undefined, nullsNotDistinct: boolean, of: readonly PgColumn[]) =>
    `${name === undefined ? '' : `constraint ${quoted(name)} `}unique ${nullsNotDistinct ? 'nulls not distinct ' : ''}(${columnList(writer, of)})`
  return [
    ...columns
      .filter(({ isUnique }) => isUnique)
      .map((column) => clause(column.uniqueName, column.uniqueType === 'not distinct', [column])),
    ...uniqueConstraints.map((each) => clause(each.getName(), each.nullsNotDistinct, each.columns)),
  ]
}

/** The foreign keys of a table, which need both tables. */
export function foreignKeyStatements(writer: Writer, config: TableConfig): ModelStatement[] {
  return config.foreignKeys.map((key) => ({
    about: `a foreign key of table ${config.name}`,
    text: foreignKeyText(writer, config, key),
  }))
}

function foreignKeyText(writer: Writer, { schema, name }: TableConfig, key: ForeignKey): string {
  const { columns, foreignColumns, foreignTable } = key.reference()
  const to = writer.drizzle.pg.getTableConfig(foreignTable)
  const constraint = recased(writer, key.getName(), [...columns, ...foreignColumns])
  const actions = [
    key.onDelete === undefined ? '' : ` on delete ${key.onDelete}`,
    key.onUpdate === undefined ? '' : ` on update ${key.onUpdate}`,
  ].join('')
  return `alter table ${writer.name(schema, name)} add constraint ${quoted(constraint)} foreign key (${columnList(writer, columns)}) references ${writer.name(to.schema, to.name)} (${columnList(writer, foreignColumns)})${actions}`
}

/** The policies of a table, which may look at any other. */
export function policyStatements(
  writer: Writer,
  { schema, name }: Pick<TableConfig, 'schema' | 'name'>,
  policies: readonly PgPolicy[],
): ModelStatement[] {
  return policies.map((policy) => {
    const clauses = [
      ` as ${policy.as ?? 'permissive'} for ${policy.for ?? 'all'} to ${rolesText(policy.to)}`,
      policy.using === undefined ? '' : ` using (${writer.text(policy.using)})`,
      policy.withCheck === undefined ? '' : ` with check (${writer.text(policy.withCheck)})`,
    ].join('')
    return {
      about: `policy ${policy.name} of table ${name}`,
      text: `create policy ${quoted(policy.name)} on ${writer.name(schema, name)}${clauses}`,
    }
  })
}

const roleWords = ['public', 'current_role', 'current_user', 'session_user']

function rolesText(to: PgPolicy['to']): string {
  if (to === undefined) return 'public'
  if (Array.isArray(to)) return to.map(rolesText).join(', ')
  const name = typeof to === 'string' ? to : to.name
  return roleWords.includes(name) ? name : quoted(name)
}

function columnList(writer: Writer, columns: readonly PgColumn[]): string {
  return columns.map((column) => writer.column(column)).join(', ')
}

// A name that Drizzle made of keys has them as they are in the database, where casing is asked for.
function recased(writer: Writer, name: string, columns: readonly PgColumn[]): string {
  return columns.reduce((all, column) => all.replace(column.name, writer.columnName(column)), name)
}

/** What makes two tables one: they may be exported by several files. */
export function tableKey(writer: Writer, table: PgTable): string {
  const { schema, name } = writer.drizzle.pg.getTableConfig(table)
  return JSON.stringify([schema ?? null, name])
}
