import * as z from 'zod'

const size = z.number().min(0)
const name = z.string().min(1)

/** The shape of a file of statistics. Keys that a newer version adds are ignored. */
export const statisticsSchema = z.object({
  collectedAt: z.iso.datetime(),
  tables: z.array(
    z.object({
      schema: name,
      name,
      rows: size.nullable(),
      bytes: size,
      indexBytes: size,
      columns: z.array(z.object({ name, nulls: z.number().min(0).max(1), distinct: z.number().min(-1) })),
    }),
  ),
  indexes: z.array(z.object({ schema: name, name, table: name, scans: size, bytes: size })),
})
