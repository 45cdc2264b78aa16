import { raw, type Sql } from '../../database/database.ts'

/** The type as a cast takes it: `serial` and its like are words for a column only (PostgreSQL manual, 8.1.4). */
export function castType(type: string): Sql {
  const [, size] = /^\s*(small|big|)serial\s*$/i.exec(type) ?? []
  const [, bytes] = /^\s*serial([248])\s*$/i.exec(type) ?? []
  if (bytes !== undefined) return raw(`int${bytes}`)
  return raw(size === undefined ? type : `${size}int`)
}
