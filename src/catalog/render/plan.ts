import type { Difference } from '../diff/compare.ts'
import type { FoldedDifference } from '../diff.ts'
import { lineageOf } from '../diff/lineage.ts'
import type { Catalog } from '../database-catalog.ts'
import { objectKey } from '../object.ts'
import { type CatalogObject, objects } from '../objects.ts'
import { defaultKey, type Dependencies, dependenciesOf, rulesKey } from './dependencies.ts'
import { displayObject } from './statement.ts'
import { hasChanged, mustRecreate } from './verdict.ts'

/** A catalog with what its objects need. */
export interface Graph extends Dependencies {
  readonly catalog: Catalog
  readonly objects: ReadonlyMap<string, CatalogObject>
  /** For the key of an object, the keys of those that need it. */
  readonly neededBy: ReadonlyMap<string, ReadonlySet<string>>
  /** For the key of a part that a table has from its parents, the keys of theirs. */
  readonly lineage: ReadonlyMap<string, readonly string[]>
}

/** A catalog as what needs what. */
export function graphOf(catalog: Catalog): Graph {
  const { needs, names } = dependenciesOf(catalog)
  const lineage = lineageOf(catalog)
  const all = new Map([...objects(catalog)].map((object) => [object.key, object]))
  // What a table has from its parents is there when they have it.
  const withParents = new Map(
    [...needs].map(([key, own]): [string, ReadonlySet<string>] => {
      const parents = lineage.get(key)?.filter((parent) => all.has(parent)) ?? []
      return [key, parents.length === 0 ? own : new Set([...own, ...parents])]
    }),
  )
  const neededBy = new Map<string, Set<string>>()
  for (const [key, own] of withParents) {
    for (const need of own) neededBy.set(need, (neededBy.get(need) ?? new Set()).add(key))
  }
  return { needs: withParents, names, catalog, objects: all, neededBy, lineage }
}

/** What has to happen to which object, by its key. */
export interface Plan {
  /** Also those that go with another one. */
  readonly dropped: ReadonlySet<string>
  readonly made: ReadonlySet<string>
  readonly altered: ReadonlyMap<string, Difference>
  /** Whether all that a key is dropped or made for only brings back what is missing. */
  repairs(key: string): boolean
  readonly refused: ReadonlyMap<string, string>
}

/** Decides what is dropped, made and altered; what stands in the way of a change is dropped and made again. */
export function planChanges(differences: readonly FoldedDifference[], expected: Graph, actual: Graph): Plan {
  const refused = refusedTables(differences)
  for (;;) {
    const planning = new Planning(expected, actual)
    for (const difference of differences) {
      if (!refused.has(difference.object.key) && !refused.has(difference.cause?.object.key ?? '')) {
        planning.take(difference)
      }
    }
    const conflict = planning.spread()
    if (conflict === undefined) return planning.plan(refused)
    refused.set(conflict.root, conflict.reason)
  }
}

// A table that would have to be partitioned otherwise stays as it is, and all that hangs on it.
function refusedTables(differences: readonly FoldedDifference[]): Map<string, string> {
  const refused = new Map<string, string>()
  const remade = new Set<string>()
  for (const { kind, object, changes } of differences) {
    if (kind !== 'different' || object.kind !== 'table') continue
    if (!hasChanged(changes, 'kind') && !hasChanged(changes, 'partitionKey')) continue
    remade.add(object.key)
    refused.set(
      object.key,
      'A table cannot be made a partitioned one, or get another partition key; its rows must be moved to a new table.',
    )
  }
  if (remade.size === 0) return refused
  for (const { object, expected } of differences) {
    if (refused.has(object.key)) continue
    const parent = expected?.kind === 'table' ? expected.value.partitionOf?.parent : undefined
    const table = parent ? objectKey('table', [parent.schema, parent.name]) : (object.partOf ?? '')
    if (remade.has(table)) refused.set(object.key, `It belongs to ${table}, which has to be another kind of table.`)
  }
  return refused
}

interface Conflict {
  readonly root: string
  readonly reason: string
}

// What can be dropped and made again without a row being touched.
const remakable = new Set([
  'view',
  'routine',
  'trigger',
  'rule',
  'policy',
  'index',
  'constraint',
  'statistics',
  'event_trigger',
])
// What PostgreSQL does not let a column be changed under.
const inTheWay = new Set(['view', 'routine', 'trigger', 'rule', 'policy'])

class Planning {
  private readonly expected: Graph
  private readonly actual: Graph
  private readonly dropped = new Set<string>()
  private readonly made = new Set<string>()
  private readonly altered = new Map<string, Difference>()
  private readonly reshaped = new Set<string>()
  private readonly roots = new Map<string, Set<string>>()
  private readonly repairing = new Map<string, boolean>()

  constructor(expected: Graph, actual: Graph) {
    this.expected = expected
    this.actual = actual
  }

  /** Adds a difference. */
  take(difference: FoldedDifference): void {
    const { object, kind, expected, actual, changes, cause } = difference
    const { key } = object
    this.repairing.set(key, repairs(difference))
    // That a column is not null, or has an identity, is taken away by altering that.
    if (kind === 'unexpected' && cause?.kind === 'different' && cause.object.kind === 'column') return
    if (kind === 'unexpected') return this.drop(key, [key])
    if (kind === 'missing') {
      this.make(key, [key])
      if (expected !== null) this.makeOwnParts(expected, [key])
      return
    }
    if (mustRecreate(difference)) return this.recreate(this.constraintOf(key), [key])
    this.altered.set(key, difference)
    if (expected?.kind !== 'column' || actual?.kind !== 'column') return
    const isReshaped = reshapes(difference)
    if (isReshaped) this.reshaped.add(key)
    const [schema = '', table = '', name = ''] = object.path
    const own = defaultKey(schema, table, name)
    const [now, was] = [expected.value.default, actual.value.default]
    const identity = hasChanged(changes, 'identity')
    if (was !== null && (isReshaped || identity || now === null)) this.drop(own, [key])
    if (now !== null && (now !== was || isReshaped)) this.make(own, [key])
  }

  // What serves a constraint is made anew with that.
  private constraintOf(key: string): string {
    const object = this.actual.objects.get(key)
    const now = this.expected.objects.get(key)
    if (object?.kind !== 'index' || now?.kind !== 'index') return key
    const name = object.value.constraint
    if (name === null || now.value.constraint !== name) return key
    const constraint = [...(this.actual.needs.get(key) ?? [])].find((need) => need.startsWith('constraint '))
    return constraint ?? key
  }

  private recreate(key: string, roots: Iterable<string>): void {
    this.drop(key, roots)
    const object = this.expected.objects.get(key)
    if (object === undefined) return
    this.make(key, roots)
    this.makeOwnParts(object, roots)
  }

  private makeOwnParts(object: CatalogObject, roots: Iterable<string>): void {
    const [schema = '', name = '', part = ''] = object.path
    if (object.kind === 'column' && object.value.default !== null) this.make(defaultKey(schema, name, part), roots)
    if (object.kind === 'type' && object.value.kind === 'domain') this.make(rulesKey(schema, name), roots)
  }

  private drop(key: string, roots: Iterable<string>): void {
    this.dropped.add(key)
    this.addRoots(key, roots)
  }

  private make(key: string, roots: Iterable<string>): void {
    this.made.add(key)
    this.altered.delete(key)
    this.addRoots(key, roots)
  }

  private addRoots(key: string, roots: Iterable<string>): void {
    this.roots.set(key, new Set([...(this.roots.get(key) ?? []), ...roots]))
  }

  /** Follows what hangs on what is dropped or changed in its shape; says what stands in the way for good. */
  spread(): Conflict | undefined {
    // Looked at again when there is one more reason for it.
    const done = new Map<string, number>()
    const reasons = (key: string) => this.roots.get(key)?.size ?? 0
    for (;;) {
      const next = [...this.dropped, ...this.reshaped].filter((key) => done.get(key) !== reasons(key))
      if (next.length === 0) return undefined
      for (const key of next) {
        done.set(key, reasons(key))
        for (const dependent of this.actual.neededBy.get(key) ?? []) {
          const conflict = this.meet(key, dependent)
          if (conflict) return conflict
        }
      }
    }
  }

  private meet(key: string, dependent: string): Conflict | undefined {
    const roots = this.roots.get(key) ?? [key]
    const object = this.actual.objects.get(dependent)
    if (this.dropped.has(dependent)) {
      if (object !== undefined && this.isInTheWay(key, object)) this.addRoots(dependent, roots)
      return undefined
    }
    const goes = this.dropped.has(key)
    if (goes && (object === undefined || object.partOf === key || this.isPassedOn(key, dependent))) {
      // A default or the checks of a domain, which are nothing of their own, or a part of what is dropped.
      this.drop(dependent, roots)
      if (this.isToBe(dependent, key)) this.make(dependent, roots)
      if (object !== undefined && this.made.has(dependent)) {
        const now = this.expected.objects.get(dependent)
        if (now) this.makeOwnParts(now, roots)
      }
      return undefined
    }
    if (object === undefined || !this.isInTheWay(key, object)) return undefined
    // A change of its own already sets it free.
    if (this.altered.has(dependent) && !this.expected.needs.get(dependent)?.has(key)) return undefined
    if (remakable.has(object.kind)) {
      this.recreate(dependent, roots)
      return undefined
    }
    // A name that only looks like it: what is not expected any more is nowhere needed.
    if (!this.made.has(key) && !this.reshaped.has(key)) return undefined
    const [root = key] = roots
    const needed = this.actual.objects.get(key)
    const shown = needed === undefined ? key : displayObject(needed)
    return { root, reason: `${capital(shown)} would have to be made anew, and ${displayObject(object)} needs it.` }
  }

  private isPassedOn(key: string, dependent: string): boolean {
    return this.actual.lineage.get(dependent)?.includes(key) === true
  }

  private isToBe(dependent: string, key: string): boolean {
    if (!this.expected.objects.has(dependent) && !this.expected.needs.has(dependent)) return false
    return this.actual.objects.has(dependent)
      ? this.made.has(key)
      : !this.dropped.has(hostOf(dependent)) || this.made.has(hostOf(dependent))
  }

  private isInTheWay(key: string, object: CatalogObject): boolean {
    if (this.dropped.has(key)) return true
    if (inTheWay.has(object.kind)) return true
    return (
      (object.kind === 'constraint' && object.value.kind === 'foreign_key') ||
      (object.kind === 'column' && object.value.generated !== null)
    )
  }

  // What needs a thing that is no repair is none either.
  private noRepairs(): ReadonlySet<string> {
    const found = new Set<string>()
    const stack = [...this.roots].flatMap(([key, roots]) =>
      [...roots].some((root) => this.repairing.get(root) === false) ? [key] : [],
    )
    for (let key = stack.pop(); key !== undefined; key = stack.pop()) {
      if (found.has(key)) continue
      found.add(key)
      if (!this.made.has(key)) continue
      for (const dependent of this.expected.neededBy.get(key) ?? []) {
        if (this.made.has(dependent)) stack.push(dependent)
      }
    }
    return found
  }

  /** What has been decided. */
  plan(refused: ReadonlyMap<string, string>): Plan {
    const noRepairs = this.noRepairs()
    return {
      dropped: this.dropped,
      made: this.made,
      altered: new Map([...this.altered].filter(([key]) => !this.dropped.has(key))),
      refused,
      repairs: (key) => !noRepairs.has(key),
    }
  }
}

/** The key of the column or domain that a default or checks are of. */
export function hostOf(key: string): string {
  return key.replace(/^default /, 'column ').replace(/^rules /, 'type ')
}

// Whether it brings back what is missing, or puts right what holds no rows.
function repairs(difference: FoldedDifference): boolean {
  const { kind, expected } = difference
  if (kind === 'unexpected' || expected === null) return false
  if (expected.kind === 'column' && kind === 'missing') {
    // With its table, there are no rows that would have to have a value.
    if (difference.cause?.kind === 'missing') return true
    const { nullable, default: value, identity, generated } = expected.value
    return nullable || value !== null || identity !== null || generated !== null
  }
  if (expected.kind === 'column' && reshapes(difference)) return false
  return !mustRecreate(difference) || remakable.has(expected.kind)
}

// Whether what uses a column cannot stay while it is changed.
function reshapes({ kind, changes }: Difference): boolean {
  return kind === 'different' && ['type', 'collation', 'generated'].some((name) => hasChanged(changes, name))
}

function capital(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}
