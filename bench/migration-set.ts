/** One migration of the benchmark, before it is written in a tool's own format. */
export interface SqlFile {
  /** Begins with a stamp of 14 digits, which every tool here understands. */
  readonly name: string
  /** Its statements, each ending in a semicolon. */
  readonly statements: readonly string[]
  /** False for what PostgreSQL refuses to run in a transaction. */
  readonly transaction: boolean
}

/** How the names of all tables and indexes of the sets begin, so that they are told from a tool's own. */
export const prefix = 'item_'

/** Small files as projects have them: a table, a column, an index, a few rows, and again. */
export function smallFiles(count: number): SqlFile[] {
  return Array.from({ length: count }, (_, index) => smallFile(index))
}

/**
 * A set with an index built concurrently in the middle, over rows enough that building it takes a moment. Where a tool cannot
 * run a file outside a transaction, `concurrently: false` gives it an ordinary index instead.
 */
export function contestedFiles({ concurrently }: { readonly concurrently: boolean }): SqlFile[] {
  const rows = `insert into item_000 (title) select 'row ' || n from generate_series(1, 100000) n;`
  const index = `create index ${concurrently ? 'concurrently ' : ''}item_000_title on item_000 (title);`
  return [
    ...smallFiles(12),
    { name: nameOf(12, 'fill_item_000'), statements: [rows], transaction: true },
    { name: nameOf(13, 'index_item_000_title'), statements: [index], transaction: !concurrently },
    ...Array.from({ length: 12 }, (_, each) => smallFile(each + 16)),
  ]
}

function smallFile(index: number): SqlFile {
  const table = `${prefix}${String(Math.floor(index / 4)).padStart(3, '0')}`
  const file = (what: string, ...statements: string[]) => ({ name: nameOf(index, what), statements, transaction: true })
  switch (index % 4) {
    case 0:
      return file(
        `create_${table}`,
        `create table ${table} (\n  id bigint generated always as identity primary key,\n  title text not null,\n  created_at timestamptz not null default now()\n);`,
        `comment on table ${table} is 'One of the benchmark''s tables';`,
      )
    case 1:
      return file(
        `add_state_to_${table}`,
        `alter table ${table} add column state text not null default 'open';`,
        `alter table ${table} add constraint ${table}_state check (state in ('open', 'closed'));`,
      )
    case 2:
      return file(`index_${table}`, `create index ${table}_created_at on ${table} (created_at);`)
    default:
      return file(`fill_${table}`, `insert into ${table} (title) values ('first'), ('second'), ('third');`)
  }
}

function nameOf(index: number, what: string): string {
  const stamp = 20260101000000 + Math.floor(index / 60) * 100 + (index % 60)
  return `${stamp}_${what}`
}
