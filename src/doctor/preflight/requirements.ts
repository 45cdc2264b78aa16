import { sql } from '../../database/database.ts'
import type { Finding } from '../../finding.ts'
import { requiredExtensions } from '../checks/extensions.ts'
import { isOneOf, lockedTables, type PreflightCheck, type PreflightSubject } from './preflight-check.ts'

// ALTER TABLE and the like are for who owns the table; single rows are a matter of grants.
const owners = new Set(['access exclusive', 'share row exclusive', 'share', 'share update exclusive'])

/** Extensions that files make and the server does not offer, and tables that the role may not change. */
export const requirementsCheck: PreflightCheck = {
  looksAt: 'Rights and extensions',
  async run(subject) {
    return [...(await extensions(subject)), ...(await rights(subject))]
  },
}

async function extensions({ session, files }: PreflightSubject): Promise<Finding[]> {
  const required = requiredExtensions(files)
  if (required.length === 0) return []
  const offered = await session.query<{ name: string }>(sql`select name::text from pg_catalog.pg_available_extensions`)
  return required
    .filter(([name]) => !offered.some((one) => one.name === name))
    .map(([name, file]) => ({
      code: 'extension_missing',
      severity: 'P0',
      file,
      object: name,
      message: `The migration makes the extension ${name}, which this server does not offer.`,
      remedy: `Install ${name} on the server, or use a server that has it.`,
    }))
}

async function rights(subject: PreflightSubject): Promise<Finding[]> {
  if (!subject.database.features.roles) return []
  const steps = subject.plan.migrations.flatMap((migration) => migration.steps)
  const changed = steps.flatMap(({ forecast }) => forecast?.locks ?? []).filter(({ mode }) => owners.has(mode))
  const tables = lockedTables(subject).filter((name) => changed.some(({ table }) => table === name))
  const foreign = await subject.session.query<{ name: string; owner: string; role: string }>(sql`
    select namespace.nspname || '.' || class.relname as name, class.relowner::regrole::text as owner,
      current_user::text as role
    from pg_catalog.pg_class class
    join pg_catalog.pg_namespace namespace on namespace.oid = class.relnamespace
    where class.relkind in ('r', 'p', 'v', 'm') and ${isOneOf(tables)} and not pg_has_role(class.relowner, 'usage')
    order by 1`)
  return foreign.map(({ name, owner, role }) => ({
    code: 'right_missing',
    severity: 'P0',
    object: name,
    message: `${name} belongs to ${owner}, so ${role} may not change it.`,
    remedy: `Migrate as ${owner}, or grant ${owner} to ${role}.`,
  }))
}
