import { raw, sql, type Sql } from '../../database/database.ts'

/** Statements of PL/pgSQL to be run once, as a `do` statement that any text may stand in. */
export function block(body: Sql): Sql {
  const text = body.inline('postgres')
  let tag = 'do'
  while (text.includes(`$${tag}$`)) tag += 'o'
  return sql`do ${raw(`$${tag}$\n${text}\n$${tag}$`)}`
}
