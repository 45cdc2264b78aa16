import { foreignKeys } from '../lookup.ts'
import { objectKey } from '../object.ts'
import type { CatalogObject } from '../objects.ts'
import type { Coming } from './make.ts'
import type { Building } from './building.ts'
import { type Graph, hostOf } from './plan.ts'

/** The key of what a key is dropped with, when it needs no statement of its own. */
export function goesWith(building: Building, key: string): string | undefined {
  const { plan, actual } = building
  const object = actual.objects.get(key)
  const whole = object === undefined ? hostOf(key) : object.partOf
  if (whole !== null && whole !== key && plan.dropped.has(whole) && !closesRing(building, object))
    return goesWith(building, whole) ?? whole
  if (object === undefined) return undefined
  const parent = actual.lineage.get(key)?.find((each) => plan.dropped.has(each))
  if (parent !== undefined) return goesWith(building, parent) ?? parent
  const other = servedBy(building, object)
  return other === undefined ? undefined : (goesWith(building, other) ?? other)
}

// Of two tables that refer to each other, neither can be dropped before the key of one.
function closesRing({ plan, actual }: Building, object: CatalogObject | undefined): boolean {
  if (object?.kind !== 'constraint' || object.value.kind !== 'foreign_key' || object.partOf === null) return false
  const seen = new Set<string>()
  const stack = [objectKey('table', [object.value.references.schema, object.value.references.name])]
  for (let key = stack.pop(); key !== undefined; key = stack.pop()) {
    const table = actual.objects.get(key)
    if (seen.has(key) || table?.kind !== 'table' || !plan.dropped.has(key)) continue
    seen.add(key)
    for (const { references } of foreignKeys(table.value))
      stack.push(objectKey('table', [references.schema, references.name]))
  }
  return seen.size > 1 && seen.has(object.partOf)
}

// An index goes with its constraint, a sequence with the column that owns it.
function servedBy({ plan }: Building, object: CatalogObject): string | undefined {
  if (object.kind === 'index' && object.value.constraint !== null) {
    const key = objectKey('constraint', [...object.path.slice(0, 2), object.value.constraint])
    return plan.dropped.has(key) ? key : undefined
  }
  if (object.kind === 'constraint' && object.value.kind === 'not_null') {
    const key = objectKey('column', [...object.path.slice(0, 2), object.value.column])
    return plan.dropped.has(key) ? key : undefined
  }
  if (object.kind !== 'sequence' || object.value.ownedBy === null) return undefined
  const { table, column } = object.value.ownedBy
  const keys = [objectKey('column', [table.schema, table.name, column]), objectKey('table', [table.schema, table.name])]
  return keys.find((key) => plan.dropped.has(key))
}

/** What comes with what: within the statement of its host, or by itself. */
export function coming(building: Building): Coming & { readonly hosts: ReadonlyMap<string, string> } {
  const { plan, expected } = building
  const inside = new Set<string>()
  const byItself = new Set<string>()
  const hosts = new Map<string, string>()
  for (const key of plan.made) {
    const object = expected.objects.get(key)
    if (object === undefined) hostPseudo(building, key, inside, hosts)
    else hostPart(building, object, { inside, byItself, hosts })
  }
  return { inside, byItself, hosts }
}

// A default or the checks of a domain, within that unless they need what needs it.
function hostPseudo({ plan, expected }: Building, key: string, inside: Set<string>, hosts: Map<string, string>): void {
  const host = hostOf(key)
  const object = expected.objects.get(host)
  if (!plan.made.has(host) || object === undefined) return
  const table = object.partOf !== null && plan.made.has(object.partOf) ? object.partOf : host
  if (reaches(expected, key, new Set([host, object.partOf ?? '']))) return
  inside.add(key)
  hosts.set(key, table)
}

interface Sets {
  readonly inside: Set<string>
  readonly byItself: Set<string>
  readonly hosts: Map<string, string>
}

function hostPart(building: Building, object: CatalogObject, sets: Sets): void {
  const { plan, expected } = building
  const { key, partOf } = object
  if (object.kind === 'column') {
    if (partOf !== null && plan.made.has(partOf)) {
      sets.inside.add(key)
      sets.hosts.set(key, partOf)
    } else if (comesFromParent(expected, key, plan.made)) sets.byItself.add(key)
  } else if (object.kind === 'constraint') hostConstraint(building, object, sets)
}

function hostConstraint(
  { plan, expected, differences }: Building,
  { key, partOf, path, value }: CatalogObject & { readonly kind: 'constraint' },
  sets: Sets,
): void {
  if (value.kind === 'not_null') {
    const column = objectKey('column', [...path.slice(0, 2), value.column])
    const isTold = plan.made.has(column) || differences.get(key)?.cause?.object.key === column
    if ((value.validated && isTold) || value.inherited) sets.byItself.add(key)
    return
  }
  const table = expected.objects.get(partOf ?? '')
  const isPartition = table?.kind === 'table' && table.value.partitionOf !== null
  const isNew = partOf !== null && plan.made.has(partOf)
  const canBeInside = isNew && value.validated && value.enforced && value.kind !== 'foreign_key'
  if (canBeInside && (isPartition || !value.inherited) && !reaches(expected, key, new Set([partOf]))) {
    sets.inside.add(key)
    sets.hosts.set(key, partOf)
    return
  }
  // A partition has the keys of its own that those of its table are made of.
  const isOwnKey = isPartition && value.kind !== 'foreign_key' && value.kind !== 'check'
  if (value.inherited && !isOwnKey) sets.byItself.add(key)
}

function comesFromParent({ lineage }: Graph, key: string, made: ReadonlySet<string>): boolean {
  return lineage.get(key)?.some((parent) => made.has(parent)) === true
}

// Whether what a key needs, but for the host and its parts, needs the host in turn.
function reaches({ needs, objects }: Graph, key: string, hosts: ReadonlySet<string>): boolean {
  const isHost = (each: string) => hosts.has(each) || hosts.has(objects.get(each)?.partOf ?? '')
  const seen = new Set<string>()
  const stack = [...(needs.get(key) ?? [])].filter((each) => !isHost(each))
  for (let each = stack.pop(); each !== undefined; each = stack.pop()) {
    if (seen.has(each)) continue
    seen.add(each)
    for (const next of needs.get(each) ?? []) {
      if (isHost(next)) return true
      stack.push(next)
    }
  }
  return false
}

/** The names that only one object can have at a time. */
export function nameOfRelation(object: CatalogObject): string[] {
  const [schema = '', relation = '', part = ''] = object.path
  switch (object.kind) {
    case 'table':
    case 'view':
    case 'sequence':
    case 'type':
      return [JSON.stringify([schema, relation])]
    case 'index':
      return [JSON.stringify([schema, part])]
    case 'constraint':
      return object.value.kind === 'primary_key' ? [`primary key of ${schema}\0${relation}`] : []
    default:
      return []
  }
}
