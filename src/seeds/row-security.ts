import { displayName, policiesAreOpen } from '../catalog/catalog.ts'
import { id, literal, sql, type Transaction } from '../database/database.ts'

/** A table whose policies bind the role that seeds. */
export interface BoundTable {
  readonly schema: string
  readonly name: string
  readonly role: string
  /** The role owns it, and is bound because row-level security is forced. */
  readonly owned: boolean
  /** The policies let the role see and write every row. */
  readonly open: boolean
}

/**
 * Makes sure that statements see every row or fail: with policies that hide rows, an upsert would insert what is there, and a plan
 * would be a lie. Where the policies themselves let the role see and write everything, they are in force; otherwise the server
 * refuses what they would change. Returns the tables whose rows cannot be seen, for errors that say so before.
 */
export async function seeEveryRow(tx: Transaction): Promise<readonly BoundTable[]> {
  // What the check itself asks is the server's own catalog, which no policy hides.
  const bound = await tx.query<BoundTable>(sql`
    select namespace.nspname as schema, class.relname as name, current_user::text as role,
      pg_has_role(class.relowner, 'usage') as owned,
      ${policiesAreOpen()} as open
    from pg_catalog.pg_class as class
    join pg_catalog.pg_namespace as namespace on namespace.oid = class.relnamespace
    where class.relrowsecurity and row_security_active(class.oid)
    order by 1, 2`)
  const everyRow = bound.every(({ open }) => open)
  await tx.query(sql`select set_config('row_security', ${literal(everyRow ? 'on' : 'off')}, true)`)
  return everyRow ? [] : bound
}

/** Why a table cannot be seeded by this role, and what to do; undefined where it can. */
export function hiddenRows(
  bound: readonly BoundTable[],
  { schema, name }: { readonly schema: string; readonly name: string },
): { readonly message: string; readonly remedy: string } | undefined {
  const table = bound.find((one) => one.schema === schema && one.name === name)
  if (table === undefined) return undefined
  const shown = (one: BoundTable) => `${displayName(one.schema)}.${displayName(one.name)}`
  if (table.open) {
    const others = bound.filter(({ open }) => !open).map(shown)
    return {
      message: `Row-level security binds role ${table.role} and hides rows of ${others.join(', ')} from it, so that what is written to ${name} could not be compared with every row.`,
      remedy: `Seed as a role that has BYPASSRLS, or give it a policy for all rows of ${others.join(', ')} as well.`,
    }
  }
  const policy = `create policy seeding on ${id(schema, name).inline('postgres')} to ${id(table.role).inline('postgres')} using (true) with check (true);`
  return {
    message: `Row-level security of table ${name} binds role ${table.role}, so that not all of its rows would be seen.`,
    remedy: table.owned
      ? `Seed as a role that has BYPASSRLS, or let the owner see every row: ${policy}`
      : 'Seed as the owner of the table, or as a role that has BYPASSRLS.',
  }
}
