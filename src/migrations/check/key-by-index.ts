import { id, join } from '../../database/database.ts'
import type { Fix } from '../../finding.ts'
import { fixOutside, instead } from './rewrites.ts'
import type { Scene } from './scene.ts'
import type { SeenStatement } from './seen-statement.ts'
import type { AddedConstraint, ObjectRef } from './tree.ts'

/** A name of a table or an index, quoted, with its schema where the statement gave one. */
export function quoted({ schema, name }: ObjectRef): string {
  return (schema === null ? id(name) : id(schema, name)).inline('postgres')
}

/** Several names in a row, quoted. */
export function quotedList(names: readonly string[]): string {
  return join(names.map((name) => id(name))).inline('postgres')
}

/** The rewrite of a key into an index that is built concurrently and then made the key; undefined where it is not so simple. */
export function keyByIndex(
  statement: SeenStatement,
  scene: Scene,
  { table, constraint, column, alone }: AddedConstraint,
  { name, columns, kind }: { name: string; columns: readonly string[]; kind: 'unique' | 'primary key' },
): Fix | undefined {
  const has = [constraint.including, constraint.options, constraint.indexspace, constraint.deferrable]
  const isOdd = has.some(Boolean) || constraint.without_overlaps === true || constraint.nulls_not_distinct === true
  if (!alone || column !== undefined || isOdd || Buffer.byteLength(name) > 63) return undefined
  const build = `create unique index concurrently ${quoted({ schema: null, name })} on ${quoted(table)} (${quotedList(columns)})`
  const attach = `alter table ${quoted(table)} add constraint ${quoted({ schema: null, name })} ${kind} using index ${quoted({ schema: null, name })}`
  return fixOutside(statement, scene, 'Build the index concurrently, then make it the constraint.', [
    instead(statement, `${build};\n${attach}`),
  ])
}
