import { renderCatalog, type Catalog, type ObjectName } from '../catalog/catalog.ts'
import { DatabaseError } from '../database/database.ts'
import { MetastoreError } from '../errors.ts'
import type { ShadowDatabase } from '../shadow/shadow.ts'
import { placeIn } from '../text-position.ts'
import type { ModelStatement } from './drizzle/tables.ts'

/** What the database should be: SQL that makes it, as a file or as statements made of models. */
export type DesiredState =
  | { readonly kind: 'sql'; readonly path: string; readonly text: string }
  | {
      readonly kind: 'models'
      readonly path: string
      readonly statements: readonly ModelStatement[]
      readonly existingViews: readonly ObjectName[]
    }

/** Makes a desired state on an empty database. Throws `schema_file_invalid`, `models_invalid`. */
export async function makeDesired(database: ShadowDatabase, desired: DesiredState, current: Catalog): Promise<void> {
  if (desired.kind === 'sql') return makeSchema(database, desired)
  await makeWhatModelsNeed(database, current)
  const { path, statements } = desired
  for (const { about, text } of statements) {
    await withRoles(database, text, (error) => {
      return new MetastoreError({
        code: 'models_invalid',
        message: `PostgreSQL does not accept what the models say of ${about}: ${error.message}`,
        where: path,
        details: text.split('\n'),
        remedy: error.remedy,
        cause: error,
      })
    })
  }
}

async function makeSchema(
  database: ShadowDatabase,
  { path, text }: { readonly path: string; readonly text: string },
): Promise<void> {
  await withRoles(database, text, (error) => {
    const position = error.position === undefined ? undefined : error.position - opening.length
    return new MetastoreError({
      code: 'schema_file_invalid',
      message: error.message,
      where: position === undefined || position < 0 ? path : placeIn(path, text, position),
      remedy: error.remedy,
      cause: error,
    })
  })
}

const opening = 'begin;\n'

// As a whole, so that another attempt, with a role that it names, begins with nothing.
async function withRoles(
  database: ShadowDatabase,
  text: string,
  failure: (error: DatabaseError) => MetastoreError,
): Promise<void> {
  const stubs = new Set<string>()
  for (;;) {
    try {
      await database.run(`${opening}${text}\n;commit;`)
      return
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error
      await database.run('rollback')
      const role = /^role "(.+)" does not exist/.exec(error.message)?.[1]
      if (role === undefined || stubs.has(role) || !(await database.stubRole(role))) throw failure(error)
      stubs.add(role)
    }
  }
}

// Models cannot say that an extension, a domain or a function is there, and use it all the same. What needs a table is left
// out: it is not compared.
async function makeWhatModelsNeed(database: ShadowDatabase, current: Catalog): Promise<void> {
  const needed: Catalog = {
    ...current,
    types: current.types.filter(({ kind }) => kind !== 'enum'),
    tables: [],
    views: [],
    sequences: [],
    statistics: [],
    eventTriggers: [],
    publications: [],
    defaultPrivileges: [],
  }
  for (const { sql } of renderCatalog(needed)) {
    try {
      await database.run(sql.inline('postgres'))
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error
    }
  }
}
