import {
  plain,
  quoted,
  randomTables,
  valueOf,
  type Choose,
  type Kind,
  type RandomColumn,
  type RandomTable,
} from './random-tables.ts'

/** Tables before a batch, and what the batch makes of them. */
export interface RandomBatch {
  readonly schema: string
  readonly tables: RandomTable[]
  readonly actions: object[]
}

/** Tables of the first version, and from one to four actions that are legal on them. */
export function randomBatch(choose: Choose): RandomBatch {
  const { tables, schema } = randomTables(choose)
  const actions: object[] = []
  const count = 1 + choose(4)
  for (let tries = 0; actions.length < count && tries < 40; tries += 1) {
    const kind = actionKinds[choose(actionKinds.length)]
    const action = kind?.({ tables, choose, place: actions.length, actions })
    if (action !== undefined) actions.push(...(Array.isArray(action) ? (action as object[]) : [action]))
  }
  return { schema, tables, actions }
}

interface Scene {
  readonly tables: RandomTable[]
  readonly choose: Choose
  /** Of the action among those of the batch. */
  readonly place: number
  readonly actions: readonly object[]
}
type MakeAction = (scene: Scene) => object | readonly object[] | undefined

const actionKinds: readonly MakeAction[] = [
  alterValues,
  alterValues,
  alterValues,
  alterName,
  requireValue,
  allowNull,
  alterDefault,
  addPlain,
  addComputed,
  addComputed,
  addFromParent,
  removeColumn,
  removeColumn,
  addIndex,
  removeIndex,
  changeForeignKey,
  changeCheck,
  renameTable,
  createTable,
  deriveTable,
  removeTable,
  changeEnum,
]

function someTable({ tables, choose }: Scene): RandomTable | undefined {
  const those = tables.filter(({ newName, derived }) => newName !== null && !derived)
  return those[choose(Math.max(those.length, 1))]
}

function someColumn(
  scene: Scene,
  fits: (column: RandomColumn, place: number) => boolean,
): { readonly table: RandomTable; readonly column: RandomColumn; readonly alter: object } | undefined {
  const table = someTable(scene)
  const those = table?.columns.filter((column, place) => column.newName !== null && fits(column, place)) ?? []
  const column = those[scene.choose(Math.max(those.length, 1))]
  if (table === undefined || column === undefined) return undefined
  return { table, column, alter: { type: 'alter_column', table: table.newName, column: column.newName } }
}

// Type, up and down, over the column's name.
function conversions(kind: Kind, name: string): readonly (readonly [string, string, string])[] {
  switch (kind) {
    case 'integer':
      return [
        ['bigint', name, name],
        ['text', `${name}::text`, `${name}::integer`],
        ['integer', `${name} + 7`, `${name} - 7`],
      ]
    case 'text':
      return [
        ['varchar(100)', name, name],
        ['text', `'<' || ${name} || '>'`, `substr(${name}, 2, length(${name}) - 2)`],
      ]
    case 'numeric(8,2)':
      return [['integer', `(${name} * 100)::integer`, `${name} / 100.0`]]
    case 'boolean':
      return [['integer', `${name}::integer`, `${name}::boolean`]]
    case 'mood':
      return [['text', `${name}::text`, `${name}::mood`]]
  }
}

function alterValues(scene: Scene): object | undefined {
  const found = someColumn(scene, ({ changed, substitute }) => !changed && substitute === null)
  if (found === undefined) return undefined
  const { table, column, alter } = found
  const name = column.newName ?? ''
  const all = conversions(column.kind, quoted(name))
  // Keys, and what refers to them, go on fitting; and a check has to fit the new type.
  const plainOnly = column === table.columns[0] || column.refersTo !== null || column.checked
  const fitting = plainOnly ? all.filter(([, up, down]) => up === down) : all
  const [type, up, down] = fitting[scene.choose(Math.max(fitting.length, 1))] ?? []
  if (type === undefined || up === undefined) return undefined
  column.forward = up.replaceAll(quoted(name), '$')
  column.changed = true
  const changes: Record<string, string> = {}
  if (type !== column.kind) {
    changes['type'] = type
    column.type = type
    if (column.newDefault !== null && up !== down) {
      column.newDefault = `(${column.forward.replaceAll('$', `${column.newDefault}::${column.kind}`)})`
      changes['default'] = column.newDefault
    }
  }
  if (scene.choose(3) === 0) {
    changes['name'] = `altered ${scene.place}`
    column.newName = changes['name']
  }
  return up === down ? { ...alter, changes } : { ...alter, changes, up, down }
}

function alterName(scene: Scene): object | undefined {
  const found = someColumn(scene, () => true)
  if (found === undefined) return undefined
  found.column.newName = `renamed ${scene.place}`
  return { ...found.alter, changes: { name: found.column.newName } }
}

function requireValue(scene: Scene): object | undefined {
  const found = someColumn(
    scene,
    (one) => one.newNullable && !one.changed && one.refersTo === null && one.oldName !== null,
  )
  if (found === undefined) return undefined
  const { column, alter } = found
  const name = quoted(column.newName ?? '')
  Object.assign(column, { newNullable: false, changed: true, substitute: valueOf(column.kind, 4) })
  return { ...alter, changes: { nullable: false }, up: `coalesce(${name}, ${column.substitute})` }
}

function allowNull(scene: Scene): object | undefined {
  const found = someColumn(
    scene,
    (one, place) => place > 0 && !one.newNullable && !one.changed && !one.distinct && one.oldName !== null,
  )
  if (found === undefined) return undefined
  const { column, alter } = found
  const name = quoted(column.newName ?? '')
  Object.assign(column, { newNullable: true, changed: true, substitute: valueOf(column.kind, 4) })
  return { ...alter, changes: { nullable: true }, down: `coalesce(${name}, ${column.substitute})` }
}

function alterDefault(scene: Scene): object | undefined {
  const found = someColumn(scene, (one, place) => place > 0 && !one.changed && !one.distinct && one.refersTo === null)
  if (found === undefined) return undefined
  found.column.newDefault = valueOf(found.column.kind, 8)
  return { ...found.alter, changes: { default: found.column.newDefault } }
}

function added(scene: Scene, kind: Kind, more: Partial<RandomColumn>): RandomColumn {
  const [oldName, newName] = [null, `added ${scene.place}`]
  return { ...plain, oldName, newName, kind, type: kind, oldNullable: true, newNullable: true, ...more }
}

function addPlain(scene: Scene): object | undefined {
  const table = someTable(scene)
  if (table === undefined) return undefined
  const nullable = scene.choose(2) === 0
  const column = added(scene, 'integer', { newNullable: nullable, newDefault: nullable ? null : '5' })
  table.columns.push(column)
  const { newName: name, type } = column
  return {
    type: 'add_column',
    table: table.newName,
    column: { name, type, nullable, ...(nullable ? {} : { default: '5' }) },
  }
}

function addComputed(scene: Scene): object | undefined {
  const found = someColumn(scene, () => true)
  if (found === undefined) return undefined
  const { table, column } = found
  const nullable = column.newNullable
  const made = added(scene, 'text', { newNullable: nullable })
  table.columns.push(made)
  return {
    type: 'add_column',
    table: table.newName,
    column: { name: made.newName, type: 'text', nullable },
    up: `'is ' || ${quoted(column.newName ?? '')}::text`,
  }
}

function addFromParent(scene: Scene): object | undefined {
  const [parent, child] = scene.tables
  const link = child?.columns.find(({ refersTo }) => refersTo === 0)
  if (parent?.newName == null || child?.newName == null || link?.newName == null) return undefined
  const source = parent.columns[1 + scene.choose(parent.columns.length - 1)]
  if (source?.newName == null) return undefined
  const made = added(scene, 'text', {})
  child.columns.push(made)
  const path = (table: RandomTable, column: RandomColumn | undefined) =>
    `${quoted(table.newName ?? '')}.${quoted(column?.newName ?? '')}`
  return {
    type: 'add_column',
    table: child.newName,
    column: { name: made.newName, type: 'text' },
    up: {
      table: parent.newName,
      value: `${path(parent, source)}::text`,
      where: `${path(child, link)} = ${path(parent, parent.columns[0])}`,
    },
  }
}

function removeColumn(scene: Scene): object | undefined {
  const found = someColumn(scene, (one, place) => place > 0 && one.oldName !== null && !one.distinct)
  if (found === undefined) return undefined
  const { table, column } = found
  const action = { type: 'remove_column', table: table.newName, column: column.newName }
  column.newName = null
  if (column.newNullable && scene.choose(2) === 0) return action
  // A column that was altered is given the value that the altered one has.
  const value = column.kind === 'mood' ? valueOf(column.kind, 6) : `(${valueOf(column.kind, 6)}::${column.kind})`
  const down = column.refersTo === null ? column.forward.replaceAll('$', value) : 'null'
  return { ...action, down }
}

function addIndex(scene: Scene): object | undefined {
  const found = someColumn(scene, () => true)
  if (found === undefined) return undefined
  const name = `index ${scene.place}`
  const unique = found.column.distinct && scene.choose(2) === 0
  return { type: 'add_index', table: found.table.newName, index: { name, columns: [found.column.newName], unique } }
}

function removeIndex(scene: Scene): object | undefined {
  const table = someTable(scene)
  const removes = scene.actions.some((action) => 'type' in action && action.type === 'remove_column')
  const index = table === undefined || removes ? undefined : table.indexes.pop()
  return index === undefined ? undefined : { type: 'remove_index', index }
}

function changeForeignKey(scene: Scene): object | undefined {
  const [parent, child] = scene.tables
  const link = child?.columns.find(({ refersTo }) => refersTo === 0)
  if (child?.newName == null || parent?.newName == null || link?.newName == null) return undefined
  const key = child.keys[0]
  if (key !== undefined && scene.choose(2) === 0) {
    child.keys.pop()
    return { type: 'remove_foreign_key', table: child.newName, foreign_key: key }
  }
  // Beside the one that is there, so that what it refers to stays.
  if (key === undefined || child.keys.length > 1) return undefined
  child.keys.push('second')
  return {
    type: 'add_foreign_key',
    table: child.newName,
    foreign_key: {
      columns: [link.newName],
      referenced_table: parent.newName,
      referenced_columns: [parent.columns[0]?.newName],
      on_delete: 'SET NULL',
    },
  }
}

function changeCheck(scene: Scene): object | undefined {
  const found = someColumn(scene, () => true)
  if (found === undefined) return undefined
  const { table, column } = found
  const removes = scene.actions.some((action) => 'type' in action && action.type === 'remove_column')
  const check = scene.choose(2) === 0 && !removes ? table.checks.pop() : undefined
  if (check !== undefined) return { type: 'remove_check', table: table.newName, check }
  const expression = `${quoted(column.newName ?? '')}::text <> 'never'`
  return { type: 'add_check', table: table.newName, check: { name: `check ${scene.place}`, expression } }
}

function renameTable(scene: Scene): object | undefined {
  const table = someTable(scene)
  if (table === undefined) return undefined
  const action = { type: 'rename_table', table: table.newName, new_name: `Table ${scene.place}` }
  table.newName = `Table ${scene.place}`
  return action
}

function createTable(scene: Scene): object {
  const newName = `created ${scene.place}`
  const key: RandomColumn = {
    ...plain,
    oldName: null,
    newName: 'id',
    kind: 'integer',
    type: 'integer',
    oldNullable: false,
    newNullable: false,
    distinct: true,
    numbered: true,
  }
  const columns = [key, added(scene, 'text', {})]
  scene.tables.push({ oldName: null, newName, columns, indexes: [], checks: [], keys: [], derived: true })
  return {
    type: 'create_table',
    name: newName,
    primary_key: ['id'],
    columns: [
      { name: 'id', type: 'integer', generated: 'BY DEFAULT AS IDENTITY' },
      { name: columns[1]?.newName, type: 'text' },
    ],
  }
}

function deriveTable(scene: Scene): object | undefined {
  const found = someColumn(scene, () => true)
  const key = found?.table.columns[0]
  if (found === undefined || key === undefined) return undefined
  return {
    type: 'create_table',
    name: `derived ${scene.place}`,
    primary_key: 'source',
    columns: [
      { name: 'source', type: 'text' },
      { name: 'value', type: 'text' },
    ],
    up: {
      table: found.table.newName,
      values: { source: `${quoted(key.newName ?? '')}::text`, value: `${quoted(found.column.newName ?? '')}::text` },
    },
  }
}

function removeTable(scene: Scene): object | undefined {
  const child = scene.tables[1]
  if (child?.newName == null || scene.choose(2) === 0) return undefined
  const action = { type: 'remove_table', table: child.newName }
  child.newName = null
  return action
}

function changeEnum(scene: Scene): object | readonly object[] | undefined {
  const used = scene.actions.map((action) => ('name' in action ? action.name : 'enum' in action ? action.enum : null))
  switch (scene.choose(3)) {
    case 0:
      return { type: 'create_enum', name: `enum ${scene.place}`, values: ['a', "it's"] }
    case 1:
      return used.includes('spare') ? undefined : { type: 'remove_enum', enum: 'spare' }
    default: {
      const columns = scene.tables.flatMap((table) => table.columns).filter(({ kind }) => kind === 'mood')
      if (used.includes('mood') || columns.some(({ changed }) => changed)) return undefined
      for (const column of columns) column.changed = true
      return { type: 'alter_enum', name: 'mood', add: [{ value: 'z', down: "'x'" }] }
    }
  }
}
