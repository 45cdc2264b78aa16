import { sql } from '../database/database.ts'
import { invalid, notFound } from './failures.ts'
import { explaining } from './refusals.ts'
import type { Run } from './runs/run.ts'
import { json } from './values.ts'

/** What a user may set, and what is set: the value is the default unless `chosen`. */
export interface Setting {
  readonly key: string
  readonly name: string
  readonly description: string | null
  readonly config_type: 'boolean' | 'choice' | 'text' | 'number'
  readonly value: boolean | string | number
  readonly chosen: boolean
  readonly options: readonly { readonly value: string; readonly label: string }[]
}

/** What the users of a tenant set for themselves. */
export interface Settings {
  /** All that are in use, in their order. */
  of(userId: string): Promise<Setting[]>
  /** Throws `not_found` for an unknown key, `request_invalid` for a value that is not of the setting's type. */
  set(userId: string, key: string, value: boolean | string | number): Promise<void>
  /** Goes back to the default. */
  reset(userId: string, key: string): Promise<void>
}

// A tenant's own definition takes the place of the shared one of its key.
const definitions = sql`
  select distinct on (key) id, key, name, description, config_type, default_value, display_order
  from setting_definitions
  where tenant_id in (current_tenant(), shared_tenant()) and is_active
  order by key, tenant_id = shared_tenant()`

/** The settings that transactions of `run` see. */
export function settings(run: Run): Settings {
  return {
    of: (userId) =>
      run((tx) =>
        tx.query<Setting>(sql`
          with d as (${definitions})
          select d.key, d.name, d.description, d.config_type, coalesce(v.value, d.default_value) as value,
            v.value is not null as chosen,
            coalesce((
              select jsonb_agg(
                jsonb_build_object('value', o.option_value, 'label', o.option_label) order by o.display_order, o.option_value)
              from setting_options o
              where o.tenant_id in (current_tenant(), shared_tenant()) and o.definition_id = d.id
            ), '[]') as options
          from d left join setting_values v on v.definition_id = d.id and v.user_id = ${userId}
          order by d.display_order, d.key`),
      ),
    set: (userId, key, value) =>
      run((tx) =>
        explaining(
          {
            check_setting_value: () =>
              invalid('value', 'The value is not of the type of the setting, or none of its options.'),
            setting_values_tenant_id_user_id_fkey: () => notFound('user', userId),
          },
          async () => {
            const set = await tx.execute(sql`
              with d as (${definitions})
              insert into setting_values (tenant_id, user_id, definition_id, value)
              select ${tx.tenantId}, ${userId}, id, ${json(value)} from d where key = ${key}
              on conflict (tenant_id, user_id, definition_id) do update set value = excluded.value`)
            if (set === 0) throw notFound('setting', key)
          },
        ),
      ),
    reset: (userId, key) =>
      run(async (tx) => {
        await tx.execute(sql`
          delete from setting_values
          where user_id = ${userId} and definition_id in (
            select id from setting_definitions
            where tenant_id in (current_tenant(), shared_tenant()) and key = ${key})`)
      }),
  }
}
