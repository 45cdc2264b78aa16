import { id, join } from '../../database/sql.ts'
import type { Constraint, ForeignKeyConstraint, ReferentialAction } from '../constraint.ts'
import type { ConstraintText } from './sqlite-create-table.ts'
import { indexColumns } from './sqlite-indexes.ts'
import type { TableFacts } from './sqlite-rows.ts'
import { foldCase } from './sqlite-tokens.ts'

/** The constraints of a table, in the order in which they are declared; `all` are the tables by their folded names. */
export function toConstraints(facts: TableFacts, all: ReadonlyMap<string, TableFacts>): Constraint[] {
  const names = new Set<string>()
  let key = new Set(facts.foreignKeys.map((value) => value.id)).size
  return facts.text.constraints.map((text): Constraint => {
    const columns = text.columns.map((column) => spell(facts, column))
    const base = {
      name: freeName(names, text.name ?? defaultName(facts.name, text, columns)),
      deferrable: text.deferrable,
      validated: true,
      enforced: true,
      triggersEnabled: true,
      inherited: false,
      comment: null,
    }
    const conflict = text.conflict === null ? '' : ` ON CONFLICT ${text.conflict}`
    switch (text.kind) {
      case 'primary_key': {
        const definition = `PRIMARY KEY (${list(columns)})${conflict}`
        const index = hasIndex(facts, 'pk', columns) ? base.name : null
        return { kind: 'primary_key', ...base, definition, columns, include: [], withoutOverlaps: false, index }
      }
      case 'unique': {
        const definition = `UNIQUE (${list(columns)})${conflict}`
        const index = hasIndex(facts, 'u', columns) ? base.name : null
        const rest = { include: [], nullsNotDistinct: false, withoutOverlaps: false, index }
        return { kind: 'unique', ...base, definition, columns, ...rest }
      }
      case 'check': {
        const definition = `CHECK (${text.expression})`
        return { kind: 'check', ...base, definition, columns: [], expression: text.expression, noInherit: false }
      }
      case 'foreign_key':
        return toForeignKey(facts, all, --key, { ...base, columns })
    }
  })
}

type Base = Omit<ForeignKeyConstraint, 'kind' | 'definition' | keyof ReturnType<typeof reference>>

function toForeignKey(
  facts: TableFacts,
  all: ReadonlyMap<string, TableFacts>,
  key: number,
  base: Base,
): ForeignKeyConstraint {
  const target = reference(facts, all, key)
  const { references, onUpdate, onDelete } = target
  const clauses = [
    `FOREIGN KEY (${list(base.columns)}) REFERENCES ${list([references.name])}(${list(references.columns)})`,
    ...(onUpdate === 'no_action' ? [] : [`ON UPDATE ${action(onUpdate)}`]),
    ...(onDelete === 'no_action' ? [] : [`ON DELETE ${action(onDelete)}`]),
    ...(base.deferrable === 'no' ? [] : ['DEFERRABLE']),
    ...(base.deferrable === 'deferred' ? ['INITIALLY DEFERRED'] : []),
  ]
  return { kind: 'foreign_key', ...base, definition: clauses.join(' '), ...target }
}

function reference(facts: TableFacts, all: ReadonlyMap<string, TableFacts>, key: number) {
  const rows = facts.foreignKeys.filter((value) => value.id === key).sort((left, right) => left.place - right.place)
  const [first] = rows
  const wanted = first?.table ?? ''
  const parent = all.get(foldCase(wanted))
  const implied = (parent?.columns ?? [])
    .filter(({ primaryKey }) => primaryKey > 0)
    .sort((left, right) => left.primaryKey - right.primaryKey)
  const columns = rows.map(({ to }, place) =>
    to === null ? (implied[place]?.name ?? '') : parent ? spell(parent, to) : to,
  )
  return {
    references: { schema: 'main', name: parent?.name ?? wanted, columns },
    match: { FULL: 'full', PARTIAL: 'partial' }[first?.match ?? ''] ?? 'simple',
    onUpdate: toAction(first?.onUpdate),
    onDelete: toAction(first?.onDelete),
    onDeleteColumns: [],
    period: false,
  } as Pick<ForeignKeyConstraint, 'references' | 'match' | 'onUpdate' | 'onDelete' | 'onDeleteColumns' | 'period'>
}

function toAction(text = 'NO ACTION'): ReferentialAction {
  return text.toLowerCase().replace(' ', '_') as ReferentialAction
}

function action(value: ReferentialAction): string {
  return value.toUpperCase().replace('_', ' ')
}

function hasIndex(facts: TableFacts, origin: 'pk' | 'u', columns: readonly string[]): boolean {
  return facts.indexes.some(
    (index) => index.origin === origin && indexColumns(facts, index).join('\0') === columns.join('\0'),
  )
}

// SQLite takes a name in any case; the catalog has it as the table declares it.
function spell({ columns }: TableFacts, name: string): string {
  return columns.find((column) => same(column.name, name))?.name ?? name
}

function same(left: string, right: string): boolean {
  return foldCase(left) === foldCase(right)
}

function defaultName(table: string, { kind }: ConstraintText, columns: readonly string[]): string {
  const suffix = { primary_key: 'pkey', unique: 'key', foreign_key: 'fkey', check: 'check' }[kind]
  return [table, ...(kind === 'primary_key' ? [] : columns), suffix].join('_')
}

function freeName(taken: Set<string>, wanted: string): string {
  let name = wanted
  for (let count = 1; taken.has(name); count++) name = `${wanted}${count}`
  taken.add(name)
  return name
}

function list(names: readonly string[]): string {
  return join(names.map((name) => id(name))).inline('sqlite')
}
