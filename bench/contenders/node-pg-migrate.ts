import { type Contender, eachFile, plainSql } from '../contender.ts'

/** node-pg-migrate by its command line. */
export const nodePgMigrate: Contender = {
  name: 'node-pg-migrate',
  note: '`node-pg-migrate up --no-single-transaction`: one transaction for a file; contested with `--advisory-lock-mode wait`',
  files: (migrations) => ({
    ...eachFile(
      'migrations',
      migrations.filter(({ transaction }) => transaction),
      (file) => `-- Up Migration\n${plainSql(file)}\n-- Down Migration\nselect 1;\n`,
    ),
    // An SQL file cannot leave the transaction, a program can.
    ...eachFile(
      'migrations',
      migrations.filter(({ transaction }) => !transaction),
      (file) =>
        `export const up = (pgm) => {\n  pgm.noTransaction()\n  pgm.sql(${JSON.stringify(plainSql(file))})\n}\nexport const down = false\n`,
      '.mjs',
    ),
  }),
  packages: 'bench',
  command: [
    process.execPath,
    'node_modules/node-pg-migrate/bin/node-pg-migrate.js',
    'up',
    '--no-single-transaction',
    '--migrations-dir',
    'migrations',
  ],
  whenContested: ['--advisory-lock-mode', 'wait'],
  recorded: 'select count(*)::int as count from pgmigrations',
  canLeaveTransaction: true,
}
