import { objectKey } from '../object.ts'
import type { CatalogObject, ObjectIdentity } from '../objects.ts'
import { alterObject } from './alter.ts'
import { dropDefault, dropObject, setDefault } from './drop.ts'
import { attachMade, makeObject } from './make.ts'
import { ownSequence } from './make-sequence.ts'
import { attachPartition } from './make-table.ts'
import { makeRules } from './make-type.ts'
import { otherName } from './renamed-not-null.ts'
import { renameConstraint } from './alter-part.ts'
import type { Building } from './building.ts'
import { freeColumn } from './free-column.ts'
import type { Operation } from './order.ts'
import { type Graph, hostOf } from './plan.ts'
import { hasChanged } from './verdict.ts'
import type { RenderedStatement } from './statement.ts'
import { coming, goesWith, nameOfRelation } from './company.ts'

/** One operation with its statements. */
export type StatementOperation = Operation<RenderedStatement>

/** Operations, and what of the altered objects cannot be changed. */
export interface Built {
  readonly operations: readonly StatementOperation[]
  readonly unrendered: readonly { readonly object: ObjectIdentity; readonly reason: string }[]
}

const ranks = [
  'drop',
  'schema',
  'extension',
  'collation',
  'type',
  'sequence',
  'routine',
  'table',
  'column',
  'default',
  'rules',
  'own',
  'attach table',
  'constraint',
  'index',
  'attach index',
  'statistics',
  'view',
  'rule',
  'trigger',
  'policy',
  'foreign key',
  'publication',
  'event_trigger',
  'default_privileges',
] as const
type Rank = (typeof ranks)[number]

/** Makes operations of a plan, with what each must follow. */
export function operationsOf(building: Building): Built {
  const { plan, expected, making, differences } = building
  const company = coming(building)
  const operations = new Map<string, StatementOperation>()
  const unrendered: Built['unrendered'][number][] = []
  const add = (id: string, rank: Rank, items: readonly RenderedStatement[]) => {
    operations.set(id, { id, rank: ranks.indexOf(rank), items, after: new Set(), rather: new Set() })
  }
  for (const key of plan.dropped) {
    if (goesWith(building, key) === undefined) add(`drop ${key}`, 'drop', dropStatements(building, key))
  }
  for (const key of plan.made) {
    const items = makeStatements(building, company, key).map((item) => marked(building, key, item))
    const object = expected.objects.get(key)
    add(`make ${key}`, rankOf(key, object), items)
    if (object?.kind === 'table' && object.value.partitionOf !== null) {
      add(
        `attach ${key}`,
        'attach table',
        attachPartition(object).map((item) => marked(building, key, item)),
      )
    }
    if (object?.kind === 'index' && object.value.partOf !== null) {
      add(
        `attach ${key}`,
        'attach index',
        attachMade(object).map((item) => marked(building, key, item)),
      )
    }
    if (object?.kind === 'sequence' && object.value.ownedBy !== null && !object.value.identity) {
      add(`own ${key}`, 'own', [marked(building, key, ownSequence(object))])
    }
  }
  for (const [key, difference] of plan.altered) {
    const { statements, unrendered: reasons } = alterObject(making, difference)
    // A change of the parent's column is one of all its children.
    const isPassedOn = difference.object.kind === 'column' && differences.get(key)?.cause !== undefined
    const items = isPassedOn ? [] : statements
    add(`make ${key}`, rankOf(key, difference.expected ?? undefined), items)
    const freeing = freeColumn(building, key)
    if (freeing !== undefined) add(`free ${key}`, 'drop', freeing)
    // A partition has its parts from its table again as soon as it is attached.
    const table = differences.get(difference.object.partOf ?? '')
    if (table !== undefined && hasChanged(table.changes, 'partitionOf')) continue
    unrendered.push(...reasons.map((reason) => ({ object: difference.object, reason })))
  }
  connect(building, company, operations)
  return { operations: [...operations.values()], unrendered }
}

function rankOf(key: string, object: CatalogObject | undefined): Rank {
  if (object === undefined) return key.startsWith('rules ') ? 'rules' : 'default'
  return object.kind === 'constraint' && object.value.kind === 'foreign_key' ? 'foreign key' : object.kind
}

function marked({ plan }: Building, key: string, item: RenderedStatement): RenderedStatement {
  return { ...item, repair: item.repair && plan.repairs(key) }
}

function dropStatements({ actual, expected, plan }: Building, key: string): RenderedStatement[] {
  const object = actual.objects.get(key)
  if (object !== undefined && otherName(object, actual, expected) !== undefined) return []
  if (object !== undefined) return dropObject(object, plan.repairs(key))
  const host = actual.objects.get(hostOf(key))
  // The checks of a domain are changed with it.
  return host?.kind === 'column' ? [dropDefault(host, plan.repairs(key))] : []
}

function makeStatements({ making, expected, actual }: Building, company: Company, key: string): RenderedStatement[] {
  const object = expected.objects.get(key)
  const before = object === undefined ? undefined : otherName(object, expected, actual)
  if (object?.kind === 'constraint' && before !== undefined) return renameConstraint(object, before)
  if (object !== undefined) return makeObject(making, object, company)
  const host = expected.objects.get(hostOf(key))
  if (host === undefined || company.inside.has(key)) return []
  if (host.kind === 'column') return host.value.default === null ? [] : [setDefault(host, host.value.default)]
  return host.kind === 'type' && host.value.kind === 'domain' ? makeRules(host, host.value) : []
}

type Company = ReturnType<typeof coming>

function connect(building: Building, company: Company, operations: ReadonlyMap<string, StatementOperation>): void {
  const { plan, expected, actual } = building
  const makes = (key: string) => operations.get(`make ${key}`)
  const drops = (key: string) => operations.get(`drop ${goesWith(building, key) ?? key}`)
  // What is within a statement is there after it; what more is said of it comes later, and is waited for by nobody within.
  const makeIds = (key: string, host: string) => {
    const own = company.hosts.get(key) ?? key
    return own === host ? [] : own === key ? [`make ${key}`] : [`make ${own}`, `make ${key}`]
  }
  for (const key of [...plan.made, ...plan.altered.keys()]) {
    const own = makes(key)
    if (own === undefined) continue
    // What is within another is made when that is.
    const host = company.hosts.get(key)
    const at = (host === undefined ? undefined : makes(host)) ?? own
    const hosting = host ?? key
    for (const need of expected.needs.get(key) ?? []) makeIds(need, hosting).forEach((id) => at.after.add(id))
    for (const name of expected.names.get(key) ?? []) makeIds(name, hosting).forEach((id) => at.rather.add(id))
    if (at !== own) own.after.add(at.id)
    const gone = drops(key)
    if (gone) at.after.add(gone.id)
    const free = operations.get(`free ${key}`)
    if (free) {
      own.after.add(free.id)
      for (const parent of actual.lineage.get(key) ?? []) free.after.add(`free ${parent}`)
    }
    // Of others, a change is never in the way of what hangs on them.
    const changesShape = key.startsWith('column ') || key.startsWith('type ')
    for (const dependent of changesShape ? dependentsOf(actual, key) : []) {
      const before = drops(dependent)
      if (before && before !== gone) for (const each of [at, free]) each?.after.add(before.id)
    }
    connectExtras(building, operations, key)
  }
  for (const key of plan.dropped) connectDrop(building, operations, key)
  connectColumns(building, operations)
  connectNames(building, operations)
  connectExtensions(building, operations)
}

// A column changes in its heirs as well, so that what needs theirs needs this one too.
function dependentsOf(graph: Graph, key: string): string[] {
  return [...(graph.neededBy.get(key) ?? [])].flatMap((dependent) =>
    graph.lineage.get(dependent)?.includes(key) === true ? [dependent, ...dependentsOf(graph, dependent)] : [dependent],
  )
}

function connectExtras({ expected }: Building, operations: ReadonlyMap<string, StatementOperation>, key: string): void {
  const object = expected.objects.get(key)
  const own = operations.get(`own ${key}`)
  if (own && object?.kind === 'sequence' && object.value.ownedBy) {
    const { table, column } = object.value.ownedBy
    own.after.add(`make ${key}`)
    own.after.add(`make ${objectKey('table', [table.schema, table.name])}`)
    own.after.add(`make ${objectKey('column', [table.schema, table.name, column])}`)
  }
  const attach = operations.get(`attach ${key}`)
  if (attach && object?.kind === 'index') {
    attach.after.add(`make ${key}`)
    for (const need of expected.needs.get(key) ?? []) attach.after.add(`make ${need}`)
    const table = object.partOf ?? ''
    attach.after.add(`attach ${table}`)
  }
  if (attach && object?.kind === 'table') connectPartition(object, attach)
}

// It comes with all that its table wants of it: columns, checks, keys and indexes.
function connectPartition(object: CatalogObject & { kind: 'table' }, attach: StatementOperation): void {
  const { columns, constraints, indexes, partitionOf } = object.value
  attach.after.add(`make ${object.key}`)
  for (const { name } of columns) attach.after.add(`make ${objectKey('column', [...object.path, name])}`)
  for (const { name, kind } of constraints) {
    if (kind !== 'foreign_key') attach.after.add(`make ${objectKey('constraint', [...object.path, name])}`)
  }
  for (const { name } of indexes) attach.after.add(`make ${objectKey('index', [...object.path, name])}`)
  if (partitionOf) {
    const parent = [partitionOf.parent.schema, partitionOf.parent.name]
    attach.after.add(`make ${objectKey('table', parent)}`)
    for (const { name } of columns) attach.after.add(`make ${objectKey('column', [...parent, name])}`)
  }
}

function connectDrop(building: Building, operations: ReadonlyMap<string, StatementOperation>, key: string): void {
  const { plan, actual } = building
  const own = operations.get(`drop ${goesWith(building, key) ?? key}`)
  if (own === undefined) return
  for (const dependent of actual.neededBy.get(key) ?? []) {
    if (plan.dropped.has(dependent)) own.after.add(`drop ${goesWith(building, dependent) ?? dependent}`)
    else if (operations.has(`free ${dependent}`)) own.after.add(`free ${dependent}`)
    else if (plan.altered.has(dependent)) own.after.add(`make ${dependent}`)
    // A new default stands in for the old one.
    else if (plan.made.has(dependent)) own.after.add(`make ${dependent}`)
  }
}

// New columns of one table come in their order, unless what they need is otherwise.
function connectColumns({ plan, expected }: Building, operations: ReadonlyMap<string, StatementOperation>): void {
  for (const { schema, name, columns } of expected.catalog.tables) {
    const keys = columns
      .map((column) => objectKey('column', [schema, name, column.name]))
      .filter((key) => plan.made.has(key))
    keys.forEach((key, place) => operations.get(`make ${key}`)?.rather.add(`make ${keys[place - 1] ?? ''}`))
  }
}

// What an extension gives, such as types, functions and operator classes, is not in the catalog, so whatever goes or changes may
// have used it: it goes last, and only its schema after it.
function connectExtensions({ plan }: Building, operations: ReadonlyMap<string, StatementOperation>): void {
  const isLast = (id: string) => id.startsWith('drop extension ') || id.startsWith('drop schema ')
  const others = [...operations.keys()].filter((id) => !isLast(id))
  for (const key of plan.dropped) {
    if (!key.startsWith('extension ')) continue
    others.forEach((id) => operations.get(`drop ${key}`)?.rather.add(id))
  }
}

// Two relations or types of one schema cannot have one name, nor two constraints of a table be its primary key.
function connectNames(building: Building, operations: ReadonlyMap<string, StatementOperation>): void {
  const { plan, actual, expected } = building
  const names = new Map<string, string[]>()
  for (const key of plan.dropped) {
    const object = actual.objects.get(key)
    const id = `drop ${goesWith(building, key) ?? key}`
    for (const name of object === undefined ? [] : nameOfRelation(object))
      names.set(name, [...(names.get(name) ?? []), id])
  }
  for (const key of plan.made) {
    const object = expected.objects.get(key)
    for (const name of object === undefined ? [] : nameOfRelation(object)) {
      for (const id of names.get(name) ?? []) operations.get(`make ${key}`)?.after.add(id)
    }
  }
}
