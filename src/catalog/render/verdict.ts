import type { Change } from '../diff/properties.ts'
import type { Difference } from '../diff/compare.ts'
import type { CatalogObject } from '../objects.ts'
import type { Column, View } from '../relation.ts'

// Properties that ALTER can change; what has any other is made anew.
const alterable: Readonly<Partial<Record<CatalogObject['kind'], readonly string[]>>> = {
  collation: ['owner', 'comment'],
  constraint: ['comment', 'triggersEnabled', 'inherited', 'index'],
  index: ['comment', 'valid', 'ready', 'clustered', 'replicaIdentity', 'tablespace', 'options', 'constraint', 'partOf'],
  trigger: ['comment', 'enabled', 'inherited'],
  rule: ['comment', 'enabled'],
  policy: ['comment'],
  statistics: ['owner', 'comment', 'target'],
  event_trigger: ['owner', 'comment', 'enabled'],
}

/** Whether a difference can only be mended by making the object anew. */
export function mustRecreate(difference: Difference): boolean {
  const { expected, actual, changes } = difference
  if (expected === null || actual === null) return false
  const changed = new Set(changes.map(firstName))
  const own = alterable[expected.kind]
  switch (expected.kind) {
    case 'constraint': {
      const { validated } = expected.value
      // The text says what the properties say, and NOT VALID.
      const toValidate = validated && changed.has('validated') && !changed.has('enforced')
      return !isWithin(changed, [...(alterable.constraint ?? []), ...(toValidate ? ['validated', 'definition'] : [])])
    }
    case 'index':
      return recreatesIndex(difference, changed)
    case 'column':
      return recreatesColumn(expected.value, actual as typeof expected)
    case 'view':
      return recreatesView(expected.value, (actual as typeof expected).value)
    case 'routine':
      return recreatesRoutine(expected, changed)
    case 'publication':
      return changed.has('allTables')
    case 'type':
      return recreatesType(expected, actual as typeof expected, changed)
    default:
      return own !== undefined && !isWithin(changed, own)
  }
}

function recreatesRoutine({ value }: CatalogObject & { kind: 'routine' }, changed: ReadonlySet<string>): boolean {
  if (['kind', 'result', 'arguments', 'identityArguments'].some((name) => changed.has(name))) return true
  return value.kind === 'aggregate' && !isWithin(changed, ['owner', 'comment', 'grants'])
}

function recreatesIndex(difference: Difference, changed: ReadonlySet<string>): boolean {
  // Its options stand in its definition, too.
  const told = changed.has('options') ? ['definition'] : []
  if (!isWithin(changed, [...(alterable.index ?? []), ...told])) return true
  return changed.has('constraint') || leavesParent(difference)
}

function recreatesColumn({ generated }: Column, { value: before }: CatalogObject & { kind: 'column' }): boolean {
  if (JSON.stringify(generated) === JSON.stringify(before.generated)) return false
  // An expression can be taken away from what it has stored, and nothing else.
  return !(generated === null && before.generated?.storage === 'stored')
}

// CREATE OR REPLACE VIEW can only add columns at the end.
function recreatesView(view: View, before: View): boolean {
  if (view.kind !== before.kind) return true
  const sameColumns = before.columns.every((column, place) => {
    const now = view.columns[place]
    return now?.name === column.name && now.type === column.type && now.collation === column.collation
  })
  if (view.definition === before.definition && sameColumns) return view.columns.length !== before.columns.length
  return view.kind === 'materialized' || !sameColumns
}

function recreatesType(
  { value }: CatalogObject & { kind: 'type' },
  { value: before }: CatalogObject & { kind: 'type' },
  changed: ReadonlySet<string>,
): boolean {
  if (value.kind !== before.kind) return true
  switch (value.kind) {
    case 'enum': {
      const labels = before.kind === 'enum' ? before.labels : []
      const kept = value.labels.filter((label) => labels.includes(label))
      return kept.length !== labels.length || kept.some((label, place) => label !== labels[place])
    }
    case 'domain':
      return changed.has('base') || changed.has('collation')
    case 'range':
      return !isWithin(changed, ['owner', 'comment', 'grants'])
    case 'composite':
      return false
  }
}

function leavesParent({ expected, actual }: Difference): boolean {
  if (expected?.kind !== 'index' || actual?.kind !== 'index' || actual.value.partOf === null) return false
  return JSON.stringify(expected.value.partOf) !== JSON.stringify(actual.value.partOf)
}

/** Whether a property, or one within it, is among the changes. */
export function hasChanged(changes: readonly Change[], property: string): boolean {
  return changes.some((change) => change.property === property || change.property.startsWith(`${property}.`))
}

function isWithin(changed: ReadonlySet<string>, names: readonly string[]): boolean {
  return [...changed].every((name) => names.includes(name))
}

function firstName({ property }: Change): string {
  return property.split('.')[0] ?? ''
}
