import { sql } from '../database/database.ts'
import { invalid, notFound } from './failures.ts'
import { explaining } from './refusals.ts'
import type { WidgetsRow } from './rows.ts'
import type { Run } from './runs/run.ts'
import { json, type JsonObject, texts } from './values.ts'

/** How the chat looks on a web page of the tenant. */
export type Widget = Omit<WidgetsRow, 'tenant_id'>

/** A widget as it is set. */
export interface NewWidget {
  readonly title: string
  readonly greeting?: string | null | undefined
  readonly assistant_id?: string | null | undefined
  readonly allowed_origins?: readonly string[] | undefined
  readonly theme?: JsonObject | undefined
  readonly is_active?: boolean | undefined
}

/** The widgets of a tenant. */
export interface Widgets {
  list(): Promise<Widget[]>
  /** Makes the widget of this name, or sets all of it anew. */
  put(name: string, widget: NewWidget): Promise<Widget>
  /** Throws `not_found`. */
  remove(name: string): Promise<void>
}

const columns = sql`
  id, assistant_id, created_at, updated_at, is_active, name, title, greeting, allowed_origins, theme`

/** The widgets that transactions of `run` see. */
export function widgets(run: Run): Widgets {
  return {
    list: () => run((tx) => tx.query<Widget>(sql`select ${columns} from widgets order by name`)),
    put: (name, { title, greeting, assistant_id, allowed_origins, theme, is_active }) =>
      run((tx) =>
        explaining(
          { widgets_assistant_id_exists: () => invalid('assistant_id', 'There is no such assistant.') },
          async () => {
            const [made] = await tx.query<Widget>(sql`
              insert into widgets (tenant_id, name, title, greeting, assistant_id, allowed_origins, theme, is_active)
              values (
                ${tx.tenantId}, ${name}, ${title}, ${greeting ?? null}, ${assistant_id ?? null},
                ${texts(allowed_origins ?? [])}, ${json(theme ?? {})}, ${is_active ?? true})
              on conflict (tenant_id, name) do update set
                title = excluded.title, greeting = excluded.greeting, assistant_id = excluded.assistant_id,
                allowed_origins = excluded.allowed_origins, theme = excluded.theme, is_active = excluded.is_active
              returning ${columns}`)
            return made as Widget
          },
        ),
      ),
    remove: (name) =>
      run(async (tx) => {
        if ((await tx.execute(sql`delete from widgets where name = ${name}`)) === 0) throw notFound('widget', name)
      }),
  }
}
