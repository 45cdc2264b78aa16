import { findTable, foreignKeys } from '../../catalog/catalog.ts'
import { id, join, literal, sql, type Queryable } from '../../database/database.ts'
import { differs, isNew, keyJoin, ofShape, unchangeable } from './diff.ts'
import type { Problems } from '../problem.ts'
import { tableKey } from './resolve-references.ts'
import { rowColumn, stageSql, type Shape, type Staged } from './staged.ts'
import { isUnique, tableSql } from '../target.ts'
import type { CellWorld } from '../world.ts'

const row = sql`s.${id(rowColumn)}`

const mostFaults = 51

interface Known {
  readonly problems: Problems
  readonly scene: CellWorld['scene']
  /** The steps before. */
  readonly earlier: readonly Staged[]
  /** Tables of which rows are not staged, so that nobody can say what is missing in them. */
  readonly spoiled: ReadonlySet<string>
}

/** Reports what the database would refuse of the staged rows: keys that stand twice, nulls, references to nothing. */
export async function checkStaged(
  db: Queryable,
  staged: Staged,
  { problems, scene, dialect, earlier, spoiled }: Known & { readonly dialect: CellWorld['dialect'] },
): Promise<void> {
  await duplicateKeys(db, staged, problems)
  for (const shape of staged.shapes) {
    await missingValues(db, staged, { shape, problems, dialect })
    await missingReferences(db, staged, { shape, problems, scene, earlier, spoiled })
    if (staged.step.mode !== 'insert-only') await changedIdentities(db, staged, { shape, problems, dialect })
  }
}

async function changedIdentities(
  db: Queryable,
  staged: Staged,
  { shape, problems, dialect }: { shape: Shape; problems: Problems; dialect: CellWorld['dialect'] },
): Promise<void> {
  const { step } = staged
  for (const column of unchangeable(staged, shape)) {
    const rows = await db.query<{ row: number | string; is: number | string }>(sql`
      select ${row} as row, t.${id(column.name)} as is
      from ${stageSql(staged)} as s join ${tableSql(step.table)} as t on ${keyJoin(staged)}
      where ${ofShape(shape)} and ${differs(column, dialect)} order by 1 limit ${literal(mostFaults)}`)
    for (const one of rows) {
      const message = `The row has the ${column.name} ${one.is} already, which is generated always: nobody can change it.`
      problems.add(step.source.place(Number(one.row), column.name), message, `Leave ${column.name} out.`)
    }
  }
}

/** What is said of a row that has the key of one before it, and what to do. */
export function sameKey(key: readonly string[], first: string): [message: string, remedy: string] {
  return [
    `Two rows have the same ${key.join(', ')}; the first is at ${first}.`,
    'Keep one of the two, or name a key that tells them apart.',
  ]
}

async function duplicateKeys(db: Queryable, staged: Staged, problems: Problems): Promise<void> {
  const { step } = staged
  // Rows whose key depends on a row that is not written yet cannot be compared.
  const known = step.key.some((column) => [...staged.late.values()].some((columns) => columns.has(column)))
  if (known) return
  const twice = staged.keysAscend ? [] : await repeatedKeys(db, staged)
  for (const { first, last } of twice) {
    problems.add(step.source.place(Number(last), step.key[0]), ...sameKey(step.key, step.source.place(Number(first))))
  }
  if (isUnique(step.table, step.key)) return
  const several = await db.query<{ row: number | string }>(sql`
    select ${row} as row from ${stageSql(staged)} as s join ${tableSql(step.table)} as t on ${keyJoin(staged)}
    group by ${row} having count(*) > 1 order by 1 limit ${literal(mostFaults)}`)
  for (const one of several) {
    const message = `The table has several rows with this ${step.key.join(', ')}, so that it is not clear which is meant.`
    problems.add(
      step.source.place(Number(one.row)),
      message,
      'Name a key that tells them apart, best one with a unique index.',
    )
  }
}

function repeatedKeys(db: Queryable, staged: Staged): Promise<{ first: number | string; last: number | string }[]> {
  const keys = join(staged.step.key.map((column) => sql`s.${id(column)}`))
  return db.query(sql`
    select min(${row}) as first, max(${row}) as last from ${stageSql(staged)} as s
    group by ${keys} having count(*) > 1 order by 1 limit ${literal(mostFaults)}`)
}

async function missingValues(
  db: Queryable,
  staged: Staged,
  { shape, problems, dialect }: { shape: Shape; problems: Problems; dialect: CellWorld['dialect'] },
): Promise<void> {
  const { step } = staged
  const required = step.table.columns.filter(
    ({ nullable, generated, type }) =>
      !nullable && generated === null && !(dialect === 'sqlite' && /^integer$/i.test(type)),
  )
  const absent = required.filter(
    (column) => column.default === null && column.identity === null && !shape.columns.includes(column.name),
  )
  if (absent.length > 0) {
    const rows = await db.query<{ row: number | string }>(sql`
      select ${row} as row from ${stageSql(staged)} as s
      where ${ofShape(shape)} and ${isNew(staged)} order by 1 limit ${literal(mostFaults)}`)
    const names = absent.map(({ name }) => name).join(', ')
    for (const one of rows) {
      const message = `A new row of ${step.table.name} needs a value for ${names}: it cannot be null, and has no default.`
      problems.add(step.source.place(Number(one.row)), message, 'Give it, in the row or in defaults.')
    }
  }
  const given = required.filter(({ name }) => shape.columns.includes(name) && staged.nullColumns.has(name))
  if (given.length === 0) return
  const secret = new Set(staged.secrets.map(({ row: number, column }) => `${number} ${column}`))
  // One look at the rows for all columns.
  const flags = join(
    given.map(({ name }, index) => sql`case when s.${id(name)} is null then 1 else 0 end as ${id(`n${index}`)}`),
  )
  const nulls = join(
    given.map(({ name }) => sql`s.${id(name)} is null`),
    ' or ',
  )
  const rows = await db.query(sql`
    select ${row} as row, ${flags} from ${stageSql(staged)} as s
    where ${ofShape(shape)} and (${nulls}) order by 1 limit ${literal(mostFaults + staged.late.size + secret.size)}`)
  for (const one of rows) {
    const number = Number(one['row'])
    for (const { name } of given.filter((_, index) => Number(one[`n${index}`]) === 1)) {
      if (staged.late.get(number)?.has(name) || secret.has(`${number} ${name}`)) continue
      const remedy = 'Give it a value, or leave it out where it has a default.'
      problems.add(step.source.place(number, name), `The column ${name} cannot be null.`, remedy)
    }
  }
}

async function missingReferences(
  db: Queryable,
  staged: Staged,
  { shape, problems, scene, earlier, spoiled }: Known & { readonly shape: Shape },
): Promise<void> {
  const { step } = staged
  for (const { columns, references, enforced } of foreignKeys(step.table)) {
    if (!enforced || !columns.every((column) => shape.columns.includes(column))) continue
    if (findTable(scene.catalog, references) === undefined || spoiled.has(tableKey(references))) continue
    const pairs = columns.map((column, index) => sql`r.${id(references.columns[index] ?? '')} = s.${id(column)}`)
    const places = [
      tableSql(references),
      ...[...earlier, staged].flatMap((other) =>
        tableKey(other.step.table) === tableKey(references) &&
        references.columns.every((column) => other.columns.includes(column))
          ? [stageSql(other)]
          : [],
      ),
    ]
    const nowhere = places.map((place) => sql`not exists (select 1 from ${place} as r where ${join(pairs, ' and ')})`)
    const given = columns.map((column) => sql`s.${id(column)} is not null`)
    const rows = await db.query<{ row: number | string }>(sql`
      select ${row} as row from ${stageSql(staged)} as s
      where ${ofShape(shape)} and ${join([...given, ...nowhere], ' and ')} order by 1 limit ${literal(mostFaults)}`)
    for (const one of rows) {
      const number = Number(one.row)
      if (columns.some((column) => staged.late.get(number)?.has(column))) continue
      const message = `There is no row of ${references.name} with this ${references.columns.join(', ')}.`
      problems.add(
        step.source.place(number, columns.at(-1)),
        message,
        'Correct the value, or seed that row before this one.',
      )
    }
  }
}
