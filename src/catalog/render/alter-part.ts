import { id, sql, type Sql, raw } from '../../database/sql.ts'
import type { Constraint } from '../constraint.ts'
import type { CatalogObject } from '../objects.ts'
import type { Index, Table } from '../relation.ts'
import type { Alteration, Altered } from './alteration.ts'
import { settingChanges } from './settings.ts'
import { attachIndex, enablePart, indexRoles, switchConstraint } from './make-part.ts'
import { commentOn } from './rights.ts'
import { type RenderedStatement, statement } from './statement.ts'
import { wholeOf } from './targets.ts'
import { hasChanged } from './verdict.ts'
import { tableNamed } from './indexed.ts'

/** A constraint that need not be made anew. */
export function alterConstraint({ object, value, difference }: Altered<'constraint'>): Alteration {
  const { changes } = difference
  const validate = sql`alter table ${wholeOf(object)} validate constraint ${id(value.name)}`
  return {
    statements: [
      ...(hasChanged(changes, 'validated') ? [statement(object, 'validate', validate)] : []),
      ...(hasChanged(changes, 'comment') ? [commentOn(object, value.comment)] : []),
      ...(hasChanged(changes, 'triggersEnabled') ? [switchConstraint(object, value.triggersEnabled)] : []),
    ],
    unrendered: hasChanged(changes, 'inherited') ? ['Whether a constraint is only inherited cannot be changed.'] : [],
  }
}

/** Gives a constraint its name, and its comment. */
export function renameConstraint(object: Altered<'constraint'>['object'], before: Constraint): RenderedStatement[] {
  const { name, comment } = object.value
  const rename = sql`alter table ${wholeOf(object)} rename constraint ${id(before.name)} to ${id(name)}`
  return [statement(object, 'rename', rename), ...(comment === before.comment ? [] : [commentOn(object, comment)])]
}

/** An index that need not be made anew. */
export function alterIndex({ object, value, before, difference }: Altered<'index'>): Alteration {
  const [schema = ''] = object.path
  const has = (property: string) => hasChanged(difference.changes, property)
  const name = id(schema, value.name)
  const alter = (change: Sql) => statement(object, 'alter', sql`alter index ${name} ${change}`)
  const partial = {
    ...value,
    clustered: value.clustered && has('clustered'),
    replicaIdentity: value.replicaIdentity && has('replicaIdentity'),
  }
  return {
    statements: [
      ...settingChanges(value.options, before.options).map(alter),
      ...(has('tablespace') ? [alter(sql`set tablespace ${id(value.tablespace ?? 'pg_default')}`)] : []),
      ...(has('valid') || has('ready') ? rebuild(object, value, before) : []),
      ...(has('comment') ? [commentOn(object, value.comment)] : []),
      ...indexRoles(object, partial),
      ...(has('clustered') && !value.clustered ? [withoutCluster(object)] : []),
      ...(has('partOf') ? attachIndex(object) : []),
    ],
    unrendered: value.valid || !before.valid ? [] : ['An index cannot be made invalid.'],
  }
}

function rebuild(object: CatalogObject, value: Index, before: Index): RenderedStatement[] {
  if (!value.valid || (before.valid && before.ready)) return []
  const [schema = ''] = object.path
  return [statement(object, 'rebuild', sql`reindex index ${id(schema, value.name)}`)]
}

function withoutCluster(object: CatalogObject): RenderedStatement {
  const kind = raw(object.partOf?.startsWith('view ') ? 'materialized view' : 'table')
  return statement(object, 'alter', sql`alter ${kind} ${wholeOf(object)} set without cluster`)
}

/** A trigger or a rule that need not be made anew. */
export function alterTrigger({ object, value, difference }: Altered<'trigger'> | Altered<'rule'>): Alteration {
  const { changes } = difference
  return {
    statements: [
      ...(hasChanged(changes, 'comment') ? [commentOn(object, value.comment)] : []),
      ...(hasChanged(changes, 'enabled') ? [enablePart(object)] : []),
    ],
    unrendered: hasChanged(changes, 'inherited') ? ['Whether a trigger is only inherited cannot be changed.'] : [],
  }
}

/** The table that a part belongs to. */
export function tableOf(tables: readonly Table[], { path }: CatalogObject): Table | undefined {
  const [schema = '', name = ''] = path
  return tableNamed(tables, { schema, name })
}
