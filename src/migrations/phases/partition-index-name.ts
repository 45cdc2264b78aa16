import { internalName } from '../batch/names.ts'

/** What the index of a partition is called until it is part of the index above it, which is called `index`. */
export function partitionIndexName(index: string, { schema, table }: { schema: string; table: string }): string {
  return internalName(index, schema, table)
}
