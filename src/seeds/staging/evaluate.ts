import { noKey, variableMissing } from '../missing-input.ts'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Column, Table } from '../../catalog/catalog.ts'
import type { Cell, HashAlgorithm, Reference } from '../format/cell.ts'
import { toJson } from '../format/nodes/value-node.ts'
import { bcryptLimit } from './password-hash.ts'
import type { PlannedRow } from './planned-rows.ts'
import { stableUuid } from './stable-uuid.ts'
import { columnForm } from '../target.ts'
import { valueText } from '../format/value-text.ts'
import type { CellWorld, SeedInputs } from '../world.ts'

/** A value that can be staged, or one that only the database can complete. */
export type Prepared = string | null | Uint8Array | Late

/** A value that depends on rows of the database. */
export type Late =
  | { readonly late: 'ref'; readonly ref: Reference; readonly where: string; readonly planned?: PlannedRow }
  | { readonly late: 'sealed'; readonly seal: Seal; readonly plain: string }

/** How a secret is stored. */
export type Seal =
  { readonly kind: 'encrypt' } | { readonly kind: 'hash'; readonly algorithm: HashAlgorithm; readonly cost: number }

/** Where a cell belongs. */
export interface CellPlace {
  readonly table: Table
  readonly column: Column
  /** `file:line:column`. */
  readonly where: string
  /** The directory of the seed file, which paths are relative to. */
  readonly directory: string
  readonly inputs: SeedInputs
  /** What tells the row apart, as text that is the same in every database; for `$uuid`. */
  readonly identity: () => string | undefined
}

/** Works a cell out as far as that is possible without the database; undefined when a problem was reported. */
export function evaluate(world: CellWorld, cell: Cell, place: CellPlace): Prepared | undefined {
  const form = columnForm(place.column)
  switch (cell.kind) {
    case 'value':
      return checked(world, valueText(cell.node, form, world.dialect), place)
    case 'json':
      return checked(world, toJson(cell.node), place)
    case 'env':
      return environment(world, cell.name, place) ?? otherwise(world, cell, place)
    case 'file':
      return fileContent(world, cell.path, cell.encoding, place)
    case 'ref':
      return { late: 'ref', ref: cell.ref, where: place.where }
    case 'encrypt':
    case 'hash':
      return sealed(world, cell, place)
    case 'now':
      return world.now
    case 'uuid':
      return uuid(world, cell.name, place)
  }
}

function checked(world: CellWorld, text: string | null, place: CellPlace): string | null | undefined {
  if (text?.includes('\0') !== true) return text
  return fault(
    world,
    place,
    `The column ${place.column.name} cannot hold a zero byte.`,
    'Remove it, or use a column of bytes and { "$file": … }.',
  )
}

function environment(world: CellWorld, name: string, place: CellPlace): string | undefined {
  place.inputs.variables.add(name)
  const value = world.variable(name)
  return value === undefined || value === '' ? undefined : value
}

function otherwise(world: CellWorld, { name, otherwise: node }: Extract<Cell, { kind: 'env' }>, place: CellPlace) {
  if (node !== null) return valueText(node, columnForm(place.column), world.dialect)
  const { message, remedy } = variableMissing(name)
  return fault(world, place, message, remedy)
}

function fileContent(world: CellWorld, name: string, encoding: 'text' | 'base64' | 'bytes', place: CellPlace) {
  place.inputs.files.add(name)
  try {
    const bytes = readFileSync(path.resolve(place.directory, name))
    if (encoding === 'base64') return bytes.toString('base64')
    if (encoding === 'bytes') return new Uint8Array(bytes)
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    return checked(world, text, place)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const reason =
      error instanceof TypeError
        ? 'is not UTF-8 text'
        : code === 'ENOENT'
          ? 'does not exist'
          : `cannot be read (${code ?? 'unknown'})`
    return fault(
      world,
      place,
      `The file ${name} ${reason}.`,
      'Correct the path, which begins at the seed file; for bytes add encoding = "bytes".',
    )
  }
}

function sealed(
  world: CellWorld,
  cell: Extract<Cell, { kind: 'encrypt' | 'hash' }>,
  place: CellPlace,
): Late | null | undefined {
  const plain = evaluate(world, cell.cell, { ...place, column: { ...place.column, type: 'text' } })
  // Nothing to hide: a variable that is not set, where null is its default.
  if (plain === null) return null
  if (typeof plain !== 'string') return undefined
  if (cell.kind === 'encrypt') {
    if (world.secrets !== null) return { late: 'sealed', seal: { kind: 'encrypt' }, plain }
    return fault(world, place, noKey.message, noKey.remedy)
  }
  if (cell.algorithm === 'bcrypt' && Buffer.byteLength(plain) > bcryptLimit) {
    const message = `The password is longer than the ${bcryptLimit} bytes that bcrypt takes into account.`
    return fault(world, place, message, 'Use a shorter one, or algorithm = "argon2id".')
  }
  return { late: 'sealed', seal: { kind: 'hash', algorithm: cell.algorithm, cost: cell.cost }, plain }
}

function uuid(world: CellWorld, name: string | null, place: CellPlace): string | undefined {
  if (name !== null) return stableUuid(name)
  const identity = place.identity()
  if (identity !== undefined) return stableUuid(`${place.table.name}\n${identity}`)
  return fault(
    world,
    place,
    'The key of the row cannot be made from the key of the row.',
    'Give a name: { "$uuid": "…" }, or another key.',
  )
}

function fault({ problems }: CellWorld, { where }: CellPlace, message: string, remedy: string): undefined {
  problems.add(where, message, remedy)
}

/** A cell as text that is the same in every database and at any time; undefined for one that is not. */
export function identityText(cell: Cell | string | null): string | undefined {
  if (cell === null || typeof cell === 'string') return JSON.stringify(cell)
  switch (cell.kind) {
    case 'value':
      return cell.node.kind === 'table' || cell.node.kind === 'list'
        ? toJson(cell.node)
        : JSON.stringify(valueText(cell.node, 'plain', 'postgres'))
    case 'json':
      return toJson(cell.node)
    case 'ref':
      return JSON.stringify(cell.ref.by.map((one) => [one.column, identityText(one.cell)]))
    case 'env':
      return `env ${cell.name}`
    case 'uuid':
      return cell.name === null ? undefined : `uuid ${cell.name}`
    default:
      return undefined
  }
}
