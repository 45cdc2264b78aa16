import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { format, resolveConfig } from 'prettier'
import { introspect } from '../src/catalog/catalog.ts'
import { openDatabase } from '../src/database/database.ts'
import {
  migrate,
  migrationsHere,
  openEngine,
  readMigrationFiles,
  versionSchemaName,
} from '../src/migrations/migrations.ts'
import { rowTypes } from '../src/models/row-types.ts'

// Writes the types of the rows that the store reads and writes, from the catalog of the shipped schema: `npm run rows`. With
// --check nothing is written, and the exit status says whether they are up to date.

const root = path.resolve(import.meta.dirname, '..')
const target = path.join(root, 'src/store/rows.ts')
const schema = path.join(root, 'schema')

const modules = readdirSync(schema, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'seeds')
  .map(({ name }) => ({ path: name, absolute: path.join(schema, name) }))
const files = await readMigrationFiles(modules)

await using database = await openDatabase('pglite:memory')
await using engine = await openEngine(database, { command: 'rows' })
await migrate(engine, (await migrationsHere(engine, files)).files)
const catalog = await introspect(engine.session, 'postgres', { excludeSchemas: ['metastore'] })
const without = ['metastore', 'metastore_sync', ...files.map(({ name }) => versionSchemaName(name))]
const text = rowTypes(catalog, { base: 'public', dates: 'date', bigints: 'number', without })
const made = await format(text, { ...(await resolveConfig(target)), parser: 'typescript' })

const current = (): string => {
  try {
    return readFileSync(target, 'utf8')
  } catch {
    return ''
  }
}
if (current() === made) process.stdout.write('The row types are up to date.\n')
else if (process.argv.includes('--check')) {
  process.stdout.write('src/store/rows.ts is not what the schema makes: run npm run rows.\n')
  process.exitCode = 1
} else writeFileSync(target, made)
