import type { PgColumn, PgMaterializedView, PgPolicy, PgTable, PgView } from 'drizzle-orm/pg-core'
import { enumOf, sequenceClauses } from './columns.ts'
import type { LoadedModels } from './load.ts'
import { quoted, quotedText } from '../quoting.ts'
import { createWriter, type Casing, type Writer } from './sql-text.ts'
import { foreignKeyStatements, policyStatements, tableKey, tableStatements, type ModelStatement } from './tables.ts'
import { viewStatements } from './views.ts'

/** What models say, as SQL for an empty database. */
export interface ModelSchema {
  readonly statements: readonly ModelStatement[]
  /** What models name and a migration does not make, a sentence each. */
  readonly notes: readonly string[]
  /** Schemas and names of views that are declared to exist without their query. */
  readonly existingViews: readonly { readonly schema: string; readonly name: string }[]
}

/** The statements that make what Drizzle models say. Pure. Throws `models_invalid` for an index without a name. */
export function modelStatements(
  { drizzle, exports: exported }: LoadedModels,
  { base, casing }: { readonly base: string; readonly casing: Casing },
): ModelSchema {
  const writer = createWriter(drizzle, base, casing)
  // A namespace has no prototype, which Drizzle does not expect.
  const exports = exported.filter((one) => one !== null && one !== undefined && Object.getPrototypeOf(one) !== null)
  const { pg, is } = drizzle
  const ofTable = new Map<string, PgTable>()
  for (const one of exports) if (is(one, pg.PgTable)) ofTable.set(tableKey(writer, one), one)
  const configs = [...ofTable.values()].map((table) => pg.getTableConfig(table))
  const views = exports.filter(
    (one): one is PgView | PgMaterializedView => pg.isPgView(one) || pg.isPgMaterializedView(one),
  )
  const linked = exports.filter((one): one is LinkedPolicy => is(one, pg.PgPolicy) && linkOf(one) !== undefined)
  return {
    statements: [
      ...schemaStatements(writer, exports, configs),
      ...enumStatements(
        writer,
        exports,
        configs.flatMap(({ columns }) => columns),
      ),
      ...sequenceStatements(writer, exports),
      ...configs.flatMap((config) => tableStatements(writer, config)),
      ...configs.flatMap((config) => foreignKeyStatements(writer, config)),
      ...viewStatements(writer, [...new Set(views)]),
      ...configs.flatMap((config) => policyStatements(writer, config, config.policies)),
      ...linked.flatMap((policy) => linkedPolicy(writer, policy)),
    ],
    notes: notesOf(drizzle, exports),
    existingViews: views.flatMap((view) => existingView(writer, view)),
  }
}

function schemaStatements(
  { drizzle: { pg }, base }: Writer,
  exports: readonly unknown[],
  configs: readonly { readonly schema: string | undefined }[],
): ModelStatement[] {
  const declared = exports.flatMap((one) => (pg.isPgSchema(one) ? [one.schemaName] : []))
  const names = new Set([base, ...declared, ...configs.flatMap(({ schema }) => schema ?? [])])
  const made = [...names].map((name) => ({
    about: `schema ${name}`,
    text: `create schema if not exists ${quoted(name)}`,
  }))
  // What names no schema is in the base schema, in queries of views as well.
  return [...made, { about: `schema ${base}`, text: `set search_path = ${quoted(base)}, public` }]
}

// Those that are not exported are known from their columns.
function enumStatements(writer: Writer, exports: readonly unknown[], columns: readonly PgColumn[]): ModelStatement[] {
  const enums = [...exports.filter((one) => writer.drizzle.pg.isPgEnum(one)), ...columns.flatMap(enumOf)]
  const distinct = new Map(enums.map((one) => [writer.name(one.schema, one.enumName), one]))
  return [...distinct].map(([name, { enumName, enumValues }]) => ({
    about: `enum ${enumName}`,
    text: `create type ${name} as enum (${enumValues.map(quotedText).join(', ')})`,
  }))
}

function sequenceStatements(writer: Writer, exports: readonly unknown[]): ModelStatement[] {
  return exports.flatMap((one) => {
    if (!writer.drizzle.pg.isPgSequence(one) || one.seqName === undefined) return []
    const clauses = sequenceClauses(one.seqOptions).map((clause) => ` ${clause}`)
    const name = writer.name(one.schema, one.seqName)
    return [{ about: `sequence ${one.seqName}`, text: `create sequence ${name}${clauses.join('')}` }]
  })
}

type LinkedPolicy = PgPolicy & { readonly _linkedTable: PgTable }

function linkOf(policy: PgPolicy): PgTable | undefined {
  return (policy as Partial<LinkedPolicy>)._linkedTable
}

function linkedPolicy(writer: Writer, policy: LinkedPolicy): ModelStatement[] {
  const { schema, name } = writer.drizzle.pg.getTableConfig(policy._linkedTable)
  return [
    { about: `table ${name}`, text: `alter table ${writer.name(schema, name)} enable row level security` },
    ...policyStatements(writer, { schema, name }, [policy]),
  ]
}

// Roles are the server's, and not a database's.
function notesOf({ pg, is }: LoadedModels['drizzle'], exports: readonly unknown[]): string[] {
  return exports.flatMap((one) => {
    if (!is(one, pg.PgRole) || (one as { readonly _existing?: boolean })._existing === true) return []
    return [`The role ${one.name} belongs to the server: no migration is written for it.`]
  })
}

function existingView(writer: Writer, view: PgView | PgMaterializedView): { schema: string; name: string }[] {
  const { pg } = writer.drizzle
  const config = pg.isPgMaterializedView(view) ? pg.getMaterializedViewConfig(view) : pg.getViewConfig(view)
  return config.query === undefined ? [{ schema: config.schema ?? writer.base, name: config.name }] : []
}
