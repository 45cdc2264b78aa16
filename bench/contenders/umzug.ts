import { type Contender, eachFile, plainSql } from '../contender.ts'

const program = `import { readFileSync } from 'node:fs'
import pg from 'pg'
import { Umzug } from 'umzug'

const client = new pg.Client(process.env.DATABASE_URL)
await client.connect()
const umzug = new Umzug({
  migrations: {
    glob: 'migrations/*.sql',
    resolve: ({ name, path }) => ({
      name,
      async up() {
        const source = readFileSync(path, 'utf8')
        if (source.startsWith('-- no transaction')) return client.query(source)
        await client.query('begin')
        try {
          await client.query(source)
          await client.query('commit')
        } catch (error) {
          await client.query('rollback')
          throw error
        }
      },
    }),
  },
  storage: {
    async executed() {
      await client.query('create table if not exists history (name text primary key)')
      const { rows } = await client.query('select name from history order by name')
      return rows.map(({ name }) => name)
    },
    async logMigration({ name }) {
      await client.query('insert into history (name) values ($1)', [name])
    },
    async unlogMigration({ name }) {
      await client.query('delete from history where name = $1', [name])
    },
  },
  logger: undefined,
})
try {
  await umzug.up()
} finally {
  await client.end()
}
`

/** umzug in a small program, with the history in a table, for which it leaves the code to its user. */
export const umzug: Contender = {
  name: 'umzug',
  note: 'a program with a storage over pg: one transaction for a file, another for its record',
  files: (migrations) => ({
    ...eachFile('migrations', migrations, (file) => (file.transaction ? '' : '-- no transaction\n') + plainSql(file)),
    'migrate.mjs': program,
  }),
  packages: 'bench',
  command: [process.execPath, 'migrate.mjs'],
  recorded: 'select count(*)::int as count from history',
  canLeaveTransaction: true,
}
