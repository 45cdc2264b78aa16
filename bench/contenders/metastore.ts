import { type Contender, eachFile, plainSql } from '../contender.ts'

/** This tool, as `npm install` would have put it there. */
export const metastore: Contender = {
  name: 'metastore',
  note: '`metastore migrate`, installed from its package: one transaction for a file',
  files: (migrations) => ({
    ...eachFile(
      'migrations',
      migrations,
      (file) => (file.transaction ? '' : '-- metastore: no-transaction\n') + plainSql(file),
    ),
    'metastore.toml': '[database.app]\nurl = "${DATABASE_URL}"\nmigrations = ["migrations"]\n',
  }),
  packages: 'none',
  command: [process.execPath, '$METASTORE/bin/metastore', 'migrate'],
  recorded: 'select count(*)::int as count from metastore.migrations where rolled_back_at is null',
  canLeaveTransaction: true,
}
