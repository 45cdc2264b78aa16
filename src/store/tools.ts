import { sql } from '../database/database.ts'
import { type Changes, changes, given } from './changes.ts'
import { conflict, invalid, notFound } from './failures.ts'
import { explaining } from './refusals.ts'
import type { ToolsRow } from './rows.ts'
import type { Run } from './runs/run.ts'
import { json, type JsonObject } from './values.ts'

/** A tool, of the tenant or a shared one that it may use. */
export type Tool = Omit<ToolsRow, 'tenant_id'> & { readonly shared: boolean; readonly base_tool: string }

/** A tool that a tenant adds for itself. */
export interface NewTool {
  readonly name: string
  /** The type of the base tool that does the work. */
  readonly base_tool: string
  readonly description?: string | null | undefined
  readonly config?: JsonObject | undefined
  readonly input_schema?: JsonObject | undefined
}

/** What of a tool is to be changed. */
export interface ToolChange extends Changes<Omit<NewTool, 'base_tool'>> {
  readonly is_active?: boolean | undefined
}

/** The tools of a tenant. */
export interface Tools {
  /** The tenant's own, and the shared ones that it may use. */
  list(): Promise<Tool[]>
  /** Throws `request_invalid` for a name that is taken and for an unknown base tool. */
  create(tool: NewTool): Promise<Tool>
  /** Changes one of the tenant's own. Throws `not_found`. */
  update(id: string, change: ToolChange): Promise<Tool>
  /** Removes one of the tenant's own. Throws `not_found`, `conflict` while an assistant has it. */
  remove(id: string): Promise<void>
}

const columns = sql`
  t.id, t.tenant_id = shared_tenant() as shared, t.base_tool_id, t.output_format_id, t.created_at, t.updated_at, t.is_active,
  t.name, t.description, t.config, t.input_schema, b.type as base_tool`
const withBase = sql`join base_tools b on b.tenant_id in (t.tenant_id, shared_tenant()) and b.id = t.base_tool_id`

/** The tools that transactions of `run` see. */
export function tools(run: Run): Tools {
  return {
    list: () =>
      run((tx) =>
        tx.query<Tool>(sql`
          select ${columns} from tools t ${withBase}
          where t.tenant_id in (current_tenant(), shared_tenant()) order by t.name, t.id`),
      ),
    create: ({ name, base_tool, description, config, input_schema }) =>
      run((tx) =>
        explaining(taken, async () => {
          const [made] = await tx.query<Tool>(sql`
            with t as (
              insert into tools (tenant_id, base_tool_id, name, description, config, input_schema)
              select ${tx.tenantId}, id, ${name}, ${description ?? null}, ${json(config ?? {})}, ${json(input_schema ?? {})}
              from base_tools
              where tenant_id in (current_tenant(), shared_tenant()) and type = ${base_tool}
              order by tenant_id = shared_tenant() limit 1
              returning *
            )
            select ${columns} from t ${withBase}`)
          if (made === undefined) throw invalid('base_tool', 'There is no base tool of this type.')
          return made
        }),
      ),
    update: (id, { name, description, config, input_schema, is_active }) =>
      run((tx) =>
        explaining(taken, async () => {
          const [changed] = await tx.query<Tool>(sql`
            with t as (
              update tools set ${changes({
                name: given(name),
                description: given(description),
                config: config && json(config),
                input_schema: input_schema && json(input_schema),
                is_active: given(is_active),
              })}
              where tenant_id = ${tx.tenantId} and id = ${id}
              returning *
            )
            select ${columns} from t ${withBase}`)
          if (changed === undefined) throw notFound('tool', id)
          return changed
        }),
      ),
    remove: (id) =>
      run((tx) =>
        explaining({ assistant_tools_tool_id_kept: stillUsed, tenant_tools_tool_id_kept: stillUsed }, async () => {
          const removed = await tx.execute(sql`delete from tools where tenant_id = ${tx.tenantId} and id = ${id}`)
          if (removed === 0) throw notFound('tool', id)
        }),
      ),
  }
}

const taken = { tools_name_unique: () => invalid('name', 'Another tool has this name.') }

function stillUsed(): Error {
  return conflict('The tool is still used.', 'Take it from the agents that have it first.')
}
