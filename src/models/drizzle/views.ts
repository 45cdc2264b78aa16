import type { PgMaterializedView, PgView } from 'drizzle-orm/pg-core'
import { optionText } from './indexes.ts'
import { quoted } from '../quoting.ts'
import type { Writer } from './sql-text.ts'
import type { ModelStatement } from './tables.ts'

interface ViewText extends ModelStatement {
  readonly name: string
  readonly query: string
}

/** Views, in an order in which each finds those that it reads. Those that exist elsewhere are not made. */
export function viewStatements(writer: Writer, views: readonly (PgView | PgMaterializedView)[]): ModelStatement[] {
  const texts = views.flatMap((view) => viewText(writer, view))
  const ordered: ViewText[] = []
  const visit = (view: ViewText, path: readonly ViewText[]) => {
    if (ordered.includes(view) || path.includes(view)) return
    for (const other of texts) if (other !== view && mentions(view.query, other.name)) visit(other, [...path, view])
    ordered.push(view)
  }
  for (const view of texts) visit(view, [])
  return ordered
}

function mentions(query: string, name: string): boolean {
  return query.includes(quoted(name)) || query.split(/[^\w$]+/).includes(name)
}

function viewText(writer: Writer, view: PgView | PgMaterializedView): ViewText[] {
  const { pg } = writer.drizzle
  if (pg.isPgMaterializedView(view)) {
    const { name, schema, query, using, tablespace, withNoData, with: options } = pg.getMaterializedViewConfig(view)
    if (query === undefined) return []
    const text = writer.text(query)
    const parts = [
      `create materialized view ${writer.name(schema, name)}`,
      using === undefined ? '' : ` using ${quoted(using)}`,
      optionsText(options),
      tablespace === undefined ? '' : ` tablespace ${quoted(tablespace)}`,
      ` as ${text}${withNoData === true ? ' with no data' : ''}`,
    ]
    return [{ about: `materialized view ${name}`, name, query: text, text: parts.join('') }]
  }
  const { name, schema, query, with: options } = pg.getViewConfig(view)
  if (query === undefined) return []
  const text = writer.text(query)
  return [
    {
      about: `view ${name}`,
      name,
      query: text,
      text: `create view ${writer.name(schema, name)}${optionsText(options)} as ${text}`,
    },
  ]
}

// Drizzle has options in camel case: securityInvoker is PostgreSQL's security_invoker.
function optionsText(options: Readonly<Record<string, unknown>> | undefined): string {
  const given = Object.entries(options ?? {}).filter(([, value]) => value !== undefined)
  if (given.length === 0) return ''
  const texts = given.map(
    ([key, value]) => `${key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)} = ${optionText(value)}`,
  )
  return ` with (${texts.join(', ')})`
}
