import { type Contender, eachFile, plainSql } from '../contender.ts'

const configuration = `module.exports = {
  client: 'pg',
  connection: process.env.DATABASE_URL,
  migrations: { directory: './migrations' },
}
`

/** knex by its command line. */
export const knex: Contender = {
  name: 'knex',
  note: '`knex migrate:latest`, each file a program that runs the SQL: one transaction for all files, unless one leaves it',
  files: (migrations) => ({
    ...eachFile(
      'migrations',
      migrations,
      (file) =>
        `exports.up = (knex) => knex.raw(${JSON.stringify(plainSql(file))})\nexports.down = () => {}\n${file.transaction ? '' : 'exports.config = { transaction: false }\n'}`,
      '.js',
    ),
    'knexfile.js': configuration,
  }),
  packages: 'bench',
  command: [process.execPath, 'node_modules/knex/bin/cli.js', 'migrate:latest'],
  recorded: 'select count(*)::int as count from knex_migrations',
  canLeaveTransaction: true,
}
