import {
  diffCatalogs,
  renderDifferences,
  type Catalog,
  type Constraint,
  type Difference,
  type Table,
} from '../catalog/catalog.ts'
import { partRenames, partRenameStatements, withPartRenames } from './part-renames.ts'
import { quoted } from './quoting.ts'

/** Statements of both directions, without semicolons. */
export interface Statements {
  readonly up: readonly string[]
  readonly down: readonly string[]
}

/** What makes one catalog another: statements for a transaction, and builds of indexes that block no writer. */
export interface RestStatements {
  readonly statements: Statements
  readonly concurrently: Statements
}

/** The statements between two catalogs, of the differences that are meant. Pure. */
export function statementsBetween(
  wanted: Catalog,
  current: Catalog,
  isMeant: (difference: Difference) => boolean = () => true,
): Statements {
  const ignoreOwner = {
    ignoreChange: (_: unknown, { property }: { readonly property: string }) => property === 'owner',
  }
  const meant = diffCatalogs(wanted, current, ignoreOwner).filter(isMeant)
  const keys = new Set(meant.map(({ object }) => object.key))
  const back = diffCatalogs(current, wanted, ignoreOwner).filter(({ object }) => keys.has(object.key))
  const text = ({ statements }: ReturnType<typeof renderDifferences>) =>
    statements.map(({ sql }) => sql.inline('postgres').trim())
  return {
    up: text(renderDifferences(meant, wanted, current)),
    down: text(renderDifferences(back, current, wanted)),
  }
}

/**
 * What is left after actions, in a way that holds nobody up: what an action has built gets its name, a unique index becomes
 * the constraint that it stands for, and indexes are built beside writers. Pure.
 */
export function restStatements(wanted: Catalog, current: Catalog): RestStatements {
  const promoted = promotions(wanted, current)
  const withConstraints = promoted.reduce(withPromotion, current)
  const renames = partRenames(withConstraints, wanted)
  const named = withPartRenames(withConstraints, renames)
  const all = statementsBetween(wanted, named)
  const isIndex = (statement: string) => /^create (?:unique )?index /i.test(statement)
  const indexes = all.up.filter(isIndex)
  const names = indexes.map(
    (statement) => /^create (?:unique )?index ("(?:[^"]|"")+"|\S+) on /i.exec(statement)?.[1] ?? '',
  )
  const drops = (statement: string) =>
    /^drop index /i.test(statement) &&
    names.some((name) => statement.endsWith(`.${name}`) || statement.endsWith(`."${name}"`))
  const prefix = (statement: string, words: RegExp) => statement.replace(words, (found) => `${found}concurrently `)
  return {
    statements: {
      up: [
        ...promoted.map(promotionText),
        ...renames.map((rename) => partRenameStatements(rename).up),
        ...all.up.filter((statement) => !isIndex(statement)),
      ],
      down: [
        ...all.down.filter((statement) => !drops(statement)),
        ...renames.toReversed().map((rename) => partRenameStatements(rename).down),
        ...promoted.toReversed().map(demotionText),
      ].flat(),
    },
    concurrently: {
      up: indexes.map((statement) => prefix(statement, /^create (?:unique )?index /i)),
      down: all.down.filter(drops).map((statement) => prefix(statement, /^drop index /i)),
    },
  }
}

interface Promotion {
  readonly table: Table
  readonly constraint: Extract<Constraint, { readonly kind: 'unique' }>
}

// Unique constraints for which an action has built an index of the same name.
function promotions(wanted: Catalog, current: Catalog): readonly Promotion[] {
  return wanted.tables.flatMap((table) => {
    const there = current.tables.find(({ schema, name }) => schema === table.schema && name === table.name)
    return table.constraints.flatMap((constraint) => {
      if (constraint.kind !== 'unique') return []
      const index = there?.indexes.find(({ name }) => name === constraint.name)
      return index?.constraint === null && index.unique && index.predicate === null ? [{ table, constraint }] : []
    })
  })
}

function promotionText({ table, constraint }: Promotion): string {
  const name = quoted(constraint.name)
  const deferrable = constraint.deferrable === 'no' ? '' : ' deferrable'
  const deferred = constraint.deferrable === 'deferred' ? ' initially deferred' : ''
  return `alter table ${quoted(table.schema, table.name)} add constraint ${name} unique using index ${name}${deferrable}${deferred}`
}

// The constraint goes with its index, which is then built again for the actions to take back.
function demotionText({ table, constraint }: Promotion): string[] {
  const at = quoted(table.schema, table.name)
  const columns = constraint.columns.map((column) => quoted(column)).join(', ')
  return [
    `alter table ${at} drop constraint ${quoted(constraint.name)}`,
    `create unique index ${quoted(constraint.name)} on ${at} (${columns})`,
  ]
}

function withPromotion(catalog: Catalog, { table: { schema, name }, constraint }: Promotion): Catalog {
  return {
    ...catalog,
    tables: catalog.tables.map((table) =>
      table.schema !== schema || table.name !== name
        ? table
        : {
            ...table,
            constraints: [...table.constraints, constraint].toSorted((one, other) => (one.name < other.name ? -1 : 1)),
            indexes: table.indexes.map((index) =>
              index.name === constraint.name ? { ...index, constraint: constraint.name } : index,
            ),
          },
    ),
  }
}
