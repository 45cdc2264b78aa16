import { id as name, sql } from '../database/database.ts'
import { notFound } from './failures.ts'
import type { Run } from './runs/run.ts'

/** What is shared, and used by the tenants to whom it is granted. */
export type SharedThing = 'agent' | 'tool'

/** Which shared agents and tools a tenant may use. */
export interface Permissions {
  /** Switches on or off what has been granted. Throws `not_found` for what has not. */
  enable(thing: SharedThing, id: string, enabled: boolean): Promise<void>
}

/** Grants of what is shared, by whoever administers all tenants. */
export interface Grants {
  /** Whether there is a shared agent of this very name, granted or not. */
  isSharedAgent(agentName: string): Promise<boolean>
  /** Throws `not_found` for what is not shared, and for a tenant that is not there. */
  grant(tenantId: string, thing: SharedThing, id: string): Promise<void>
  /** Takes back; what was not granted stays so. */
  revoke(tenantId: string, thing: SharedThing, id: string): Promise<void>
}

const tables = {
  agent: {
    granted: name('tenant_assistants'),
    shared: name('assistants'),
    key: name('assistant_id'),
    own: name('assistant_id'),
  },
  tool: { granted: name('tenant_tools'), shared: name('tools'), key: name('tool_id'), own: name('id') },
} as const

/** The permissions that transactions of `run` see. */
export function permissions(run: Run): Permissions {
  return {
    enable: (thing, id, enabled) =>
      run(async (tx) => {
        const { granted, key } = tables[thing]
        const changed = await tx.execute(sql`
          update ${granted} set enabled = ${enabled} where tenant_id = ${tx.tenantId} and ${key} = ${id}`)
        if (changed === 0) throw notFound(thing, id)
      }),
  }
}

/** The grants of a store; only for work across tenants. */
export function grants(run: Run): Grants {
  return {
    isSharedAgent: (agentName) =>
      run(async (tx) => {
        const found = await tx.first(sql`
          select from assistants where tenant_id = shared_tenant() and name = ${agentName} and not is_system limit 1`)
        return found !== undefined
      }),
    grant: (tenantId, thing, id) =>
      run(async (tx) => {
        const { granted, shared, key, own } = tables[thing]
        const changed = await tx.execute(sql`
          insert into ${granted} (tenant_id, ${key})
          select t.id, s.${own} from tenants t, ${shared} s
          where t.id = ${tenantId} and s.tenant_id = shared_tenant() and s.${own} = ${id}
          on conflict (tenant_id, ${key}) do update set enabled = true`)
        if (changed === 0) throw notFound(thing, id)
      }),
    revoke: (tenantId, thing, id) =>
      run(async (tx) => {
        const { granted, key } = tables[thing]
        await tx.execute(sql`delete from ${granted} where tenant_id = ${tenantId} and ${key} = ${id}`)
      }),
  }
}
