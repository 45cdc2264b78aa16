import * as z from 'zod'
import { tableLockModes } from '../forecast/lock-mode.ts'
import { planFormat } from './plan-format.ts'

const name = z.string().min(1)
const checksum = z.string().describe('SHA-256 of the text, as the history keeps it')
const lock = z.strictObject({ table: z.string(), mode: z.enum(tableLockModes) })
const waits = z.enum(['nothing', 'schema changes', 'writes', 'reads and writes']).nullable()
const seconds = z
  .strictObject({ least: z.number().min(0), most: z.number().min(0) })
  .nullable()
  .describe('an order of magnitude; null where nobody can tell')

const statement = z.strictObject({
  statement: z.string(),
  locks: z.array(lock),
  waits,
  work: z.array(
    z.strictObject({
      table: z.string(),
      kind: z.enum(['scan', 'lookup', 'index', 'rewrite', 'evaluate', 'update']),
      rows: z.number().nullable(),
      bytes: z.number().nullable(),
      atMost: z.boolean(),
    }),
  ),
  seconds,
  basis: z.string(),
  unknown: z.string().nullable(),
})

const step = z.strictObject({
  kind: name,
  label: z.string(),
  sql: z.string().nullable().describe('what runs; null for a step in code, or one that only looks'),
  phase: z.enum(['start', 'prepare', 'complete']).optional(),
  migration: z.string().nullable().optional(),
  locks: z.array(z.strictObject({ table: z.string(), mode: z.string() })).optional(),
  forecast: z
    .strictObject({ statements: z.array(statement), locks: z.array(lock), waits, seconds })
    .optional()
    .describe('for the reviewer: what the step will do to others. It is not compared'),
})

const migration = z.strictObject({
  name,
  path: z.string(),
  direction: z.enum(['up', 'down']),
  atomic: z.boolean(),
  batch: z.array(name).optional(),
  remark: z.string().optional(),
  steps: z.array(step),
})

/** The shape of a file that `plan --out` writes. */
export const planFileSchema = z.strictObject({
  $schema: z.string().optional(),
  format: z.literal(planFormat),
  toolVersion: z.string(),
  createdAt: z.iso.datetime(),
  database: z
    .strictObject({
      address: z.string().describe('its URL without the password, for people'),
      system: z.string().nullable().describe("the server's system identifier; null where it does not tell"),
      name: z.string(),
    })
    .describe('which database the plan is for'),
  position: z
    .strictObject({
      phase: z.string().nullable(),
      batch: z.array(name),
      version: z.string().nullable(),
      applied: z.array(z.strictObject({ name, checksum })),
    })
    .describe('where the database stood'),
  files: z.array(z.strictObject({ name, path: z.string(), checksum })).describe('every migration file there was'),
  options: z
    .strictObject({
      base: name,
      allowRewrite: z.boolean(),
      serializeUpserts: z.boolean(),
      lenient: z.boolean(),
      exposeViews: z.boolean(),
      allow: z.strictObject({
        changed: z.array(name),
        missing: z.array(name),
        ahead: z.boolean(),
        outOfOrder: z.array(name),
      }),
    })
    .describe('what was asked for, which migrate --plan asks for again'),
  migrations: z.array(migration).describe('what runs, in order'),
  catalog: z
    .array(z.strictObject({ object: name, digest: z.string() }))
    .nullable()
    .describe('the definitions of the tables that the steps are about; null on SQLite'),
})

/** A plan that was saved, to be approved and then applied as it is. */
export type PlanFile = z.infer<typeof planFileSchema>

/** The JSON Schema of such a file, for docs/schema. */
export function planJsonSchema(): string {
  const { $schema, ...schema } = z.toJSONSchema(planFileSchema, { io: 'input' })
  const titled = { $schema, title: 'A plan of metastore', ...schema }
  return `${JSON.stringify(titled, null, 2)}\n`
}
