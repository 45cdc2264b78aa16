import { foreignKeys, primaryKey, type Column, type Table } from '../../../catalog/catalog.ts'
import type { AuditedTable } from '../../audit-report.ts'
import { size } from '../size.ts'
import type { AffectedTable } from './affected.ts'
import { markup, type Markup } from './markup.ts'
import { counted } from './numbers.ts'

/** The tables, with how much is in each, and its columns. */
export function tablesSection(tables: readonly AffectedTable[], measured: readonly AuditedTable[]): Markup {
  const known = new Map(measured.map((one) => [JSON.stringify([one.schema, one.name]), one]))
  const most = Math.max(1, ...measured.map(({ bytes }) => bytes))
  const total = measured.reduce((sum, { bytes }) => sum + bytes, 0)
  const rows = tables.map((table, id) =>
    oneTable(table, id, known.get(JSON.stringify([table.schema, table.name])), most),
  )
  const heading = markup`<h2>Tables</h2>`
  if (tables.length === 0) return markup`<section id="tables">${heading}<p class="quiet">There is none.</p></section>`
  return markup`<section id="tables">${heading}<p class="quiet">${counted(tables.length, 'table')}, ${size(total)} with their indexes. Numbers of rows are estimates of the last ANALYZE.</p><div class="list">${rows}</div></section>`
}

function oneTable(affected: AffectedTable, id: number, measured: AuditedTable | undefined, most: number): Markup {
  const { schema, name, table, worst, findings } = affected
  const links = findings.map(
    (finding, index) => markup`${index > 0 && ', '}<a href="#finding-${finding}">finding ${finding + 1}</a>`,
  )
  const bar =
    measured === undefined
      ? null
      : markup`<svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true"><rect width="${Math.max(1, Math.round((measured.bytes / most) * 100))}" height="6"/></svg>`
  const rows = measured === undefined ? null : measured.rows < 0 ? 'never analyzed' : counted(measured.rows, 'row')
  return markup`<details id="table-${id}" class="table" data-filter><summary><span class="title"><span class="quiet">${schema}.</span>${name}</span> <span>${worst !== null && markup`<span class="tag ${worst}">${worst}</span>`}${table === null && markup` <span class="state">missing</span>`}</span> <span class="number">${rows}</span> <span class="number">${measured !== undefined && size(measured.bytes)}</span> ${bar}</summary>
${links.length > 0 && markup`<p>See ${links}.</p>`}${table?.comment && markup`<p>${table.comment}</p>`}${table !== null && columnsOf(table, affected)}</details>
`
}

function columnsOf(table: Table, { columns, missing }: AffectedTable): Markup {
  const primary = primaryKey(table)?.columns ?? []
  const rows = table.columns.map((column) => {
    const severity = columns.get(column.name)
    const references = foreignKeys(table)
      .filter((key) => key.columns.includes(column.name))
      .map(({ references: to }, index) => markup`${index > 0 && ', '}<code>${to.schema}.${to.name}</code>`)
    return markup`<tr${severity !== undefined && markup` class="${severity}"`}><th scope="row"><code>${column.name}</code></th><td><code>${column.type}</code></td><td>${primary.includes(column.name) ? 'primary key' : column.nullable ? 'may be null' : 'not null'}</td><td>${valueOf(column)}</td><td>${references}</td></tr>
`
  })
  const absent = missing.map(
    (
      name,
    ) => markup`<tr class="${columns.get(name) ?? 'P1'}"><th scope="row"><code>${name}</code></th><td colspan="4">missing</td></tr>
`,
  )
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="Columns of ${table.name}"><table><thead><tr><th scope="col">column</th><th scope="col">type</th><th scope="col">null</th><th scope="col">value</th><th scope="col">refers to</th></tr></thead><tbody>${rows}${absent}</tbody></table></div><p class="quiet">${counted(table.indexes.length, 'index', 'indexes')}, ${counted(table.constraints.length, 'constraint')}, ${counted(table.triggers.length, 'trigger')}, ${counted(table.policies.length, 'policy', 'policies')}${table.rowSecurity.enabled ? ', row-level security on' : ''}.</p>`
}

function valueOf({ default: value, identity, generated }: Column): Markup | string | null {
  if (identity !== null) return 'identity'
  if (generated !== null) return markup`<code>${generated.expression}</code>`
  return value === null ? null : markup`<code>${value}</code>`
}
