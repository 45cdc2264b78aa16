import type { Catalog } from './database-catalog.ts'
import type { Constraint } from './constraint.ts'
import { displayName, type ObjectName } from './object.ts'
import type { Column, Index, IndexKey, Table, Trigger, View } from './relation.ts'
import type { Routine, Sequence, UserType } from './schema-object.ts'
import { compareCodePoints } from './sort.ts'

/**
 * A catalog as lines for people, a tree by indentation: the whole database first, then each schema with its types,
 * sequences, tables, views and routines. Whatever is out of order (invalid, not validated, disabled) says so.
 */
export function summarize(catalog: Catalog): string[] {
  // A schema that belongs to an extension is not in the catalog, and what others have put into it is.
  const { schemas, types, sequences, tables, views, routines } = catalog
  const used = [types, sequences, tables, views, routines].flat().map(({ schema }) => schema)
  const names = new Set([...schemas.map(({ name }) => name), ...used])
  return [
    ...databaseLines(catalog),
    ...[...names].sort(compareCodePoints).flatMap((name) => schemaLines(catalog, name)),
  ]
}

function databaseLines(catalog: Catalog): string[] {
  return [
    ...catalog.extensions.map(
      ({ name, version, schema }) => `extension ${displayName(name)} ${version} in ${displayName(schema)}`,
    ),
    ...catalog.eventTriggers.map((trigger) =>
      line(`event trigger ${displayName(trigger.name)} on ${trigger.event}`, [enabledNote(trigger.enabled)]),
    ),
    ...catalog.publications.map(({ name, allTables, schemas, tables }) => {
      const what = allTables
        ? ['all tables']
        : [...schemas.map((schema) => `schema ${displayName(schema)}`), ...tables.map(({ table }) => qualified(table))]
      return line(`publication ${displayName(name)}`, [what.join(', ')])
    }),
  ]
}

function schemaLines(catalog: Catalog, schema: string): string[] {
  const inside = <Item extends ObjectName>(items: readonly Item[]) => items.filter((item) => item.schema === schema)
  const lines = [
    ...inside(catalog.collations).map(({ name, locale }) => line(`collation ${displayName(name)}`, [locale ?? ''])),
    ...inside(catalog.types).flatMap(typeLines),
    ...inside(catalog.sequences)
      .filter(({ identity }) => !identity)
      .map(sequenceLine),
    ...inside(catalog.tables).flatMap(tableLines),
    ...inside(catalog.views).flatMap(viewLines),
    ...inside(catalog.statistics).map(({ name, table }) => `statistics ${displayName(name)} of ${qualified(table)}`),
    ...inside(catalog.routines).map(routineLine),
  ]
  return [`schema ${displayName(schema)}`, ...indent(lines)]
}

function typeLines(type: UserType): string[] {
  const name = displayName(type.name)
  switch (type.kind) {
    case 'enum':
      return [`enum ${name}: ${type.labels.map((label) => `'${label.replaceAll("'", "''")}'`).join(', ')}`]
    case 'domain': {
      const rules = type.constraints.filter(({ kind }) => kind === 'check')
      const notes = [type.nullable ? '' : 'not null', defaultNote(type.default)]
      return [
        line(`domain ${name} as ${type.base}`, notes),
        ...indent(rules.map((rule) => `constraint ${displayName(rule.name)} ${rule.definition}`)),
      ]
    }
    case 'composite':
      return [`composite type ${name}`, ...indent(type.attributes.map(columnLine))]
    case 'range':
      return [`range ${name} of ${type.subtype}`]
  }
}

function sequenceLine({ name, type, ownedBy }: Sequence): string {
  return line(`sequence ${displayName(name)} ${type}`, [
    ownedBy ? `owned by ${displayName(ownedBy.table.name)}.${displayName(ownedBy.column)}` : '',
  ])
}

function tableLines(table: Table): string[] {
  const { rowSecurity, partitionOf, partitionKey, inherits, persistence, kind, foreign } = table
  const head = line(
    `${kind === 'table' || kind === 'partitioned' ? 'table' : `${kind} table`} ${displayName(table.name)}`,
    [
      persistence === 'unlogged' ? 'unlogged' : '',
      partitionKey === null ? '' : `partitioned by ${partitionKey}`,
      partitionOf === null ? '' : `partition of ${qualified(partitionOf.parent)} ${partitionOf.bound}`,
      inherits.length > 0 ? `inherits ${inherits.map(qualified).join(', ')}` : '',
      foreign === null ? '' : `on server ${displayName(foreign.server)}`,
      rowSecurity.enabled ? `row-level security${rowSecurity.forced ? ', forced' : ''}` : '',
    ],
  )
  return [
    head,
    ...indent([
      ...table.columns.map(columnLine),
      // That a column is not null stands with the column.
      ...table.constraints.filter((each) => each.kind !== 'not_null' || !each.validated).map(constraintLine),
      ...table.indexes.filter(({ constraint, valid }) => constraint === null || !valid).map(indexLine),
      ...table.policies.map(({ name, command, permissive, roles }) =>
        line(`policy ${displayName(name)} for ${command} to ${roles.map(displayName).join(', ')}`, [
          permissive ? '' : 'restrictive',
        ]),
      ),
      ...table.triggers.map(triggerLine),
      ...table.rules.map(({ name, event, enabled }) =>
        line(`rule ${displayName(name)} on ${event}`, [enabledNote(enabled)]),
      ),
    ]),
  ]
}

function viewLines(view: View): string[] {
  const kind = view.kind === 'view' ? 'view' : 'materialized view'
  return [
    line(`${kind} ${displayName(view.name)}`, [
      ...Object.entries(view.options).map(([name, value]) => `${name}=${value}`),
      view.populated ? '' : 'not populated',
    ]),
    ...indent([...view.columns.map(columnLine), ...view.indexes.map(indexLine), ...view.triggers.map(triggerLine)]),
  ]
}

function columnLine({ name, type, nullable, identity, generated, default: value }: Column): string {
  return line([displayName(name), type].filter(Boolean).join(' '), [
    nullable ? '' : 'not null',
    identity === null ? '' : identity.kind === 'autoincrement' ? 'autoincrement' : 'identity',
    generated === null
      ? ''
      : `generated as ${generated.expression}${generated.storage === 'virtual' ? ' (virtual)' : ''}`,
    defaultNote(value),
  ])
}

function constraintLine({ name, definition, triggersEnabled }: Constraint): string {
  return line(`constraint ${displayName(name)} ${definition}`, [triggersEnabled ? '' : 'TRIGGERS DISABLED'])
}

function indexLine(index: Index): string {
  const { name, method, keys, include, predicate, unique, valid } = index
  const parts = [
    `${unique ? 'unique ' : ''}index ${displayName(name)} ${method} (${keys.map(keyText).join(', ')})`,
    include.length > 0 ? `include (${include.map(displayName).join(', ')})` : '',
    predicate === null ? '' : `where ${predicate}`,
  ]
  return line(parts.filter(Boolean).join(' '), [valid ? '' : 'INVALID'])
}

function keyText(key: IndexKey): string {
  return `${key.kind === 'column' ? displayName(key.column) : key.expression}${key.order === 'desc' ? ' desc' : ''}`
}

function triggerLine({ name, timing, events, enabled }: Trigger): string {
  return line(`trigger ${displayName(name)} ${timing.replace('_', ' ')} ${events.join(' or ')}`, [enabledNote(enabled)])
}

function routineLine({ kind, name, argumentTypes, result, securityDefiner }: Routine): string {
  const returns = result === null ? '' : ` returns ${result}`
  return line(`${kind} ${displayName(name)}(${argumentTypes.join(', ')})${returns}`, [
    securityDefiner ? 'security definer' : '',
  ])
}

function enabledNote(enabled: Trigger['enabled']): string {
  return { origin: '', disabled: 'DISABLED', replica: 'on replicas only', always: 'on replicas too' }[enabled]
}

function defaultNote(expression: string | null): string {
  return expression === null ? '' : `default ${expression}`
}

function line(text: string, notes: readonly string[]): string {
  // A name can hold a line break; a line cannot.
  return [text, ...notes.filter(Boolean)].join(', ').replaceAll(/\s*\n\s*/g, ' ')
}

function indent(lines: readonly string[]): string[] {
  return lines.map((text) => `  ${text}`)
}

function qualified({ schema, name }: ObjectName): string {
  return `${displayName(schema)}.${displayName(name)}`
}
