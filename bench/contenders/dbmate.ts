import { arch, platform } from 'node:process'
import { type Contender, eachFile, plainSql } from '../contender.ts'

// The dump of the schema is left out: it needs pg_dump, and no other tool here makes one.
const migrate = ['--no-dump-schema', '--migrations-dir', 'migrations', 'migrate']

/** dbmate as npm installs it: a Node process that starts a binary. */
export const dbmate: Contender = {
  name: 'dbmate',
  note: '`dbmate migrate` from npm, a Node process that starts a binary: one transaction for a file',
  files: (migrations) =>
    eachFile(
      'migrations',
      migrations,
      (file) =>
        `-- migrate:up${file.transaction ? '' : ' transaction:false'}\n${plainSql(file)}\n-- migrate:down\nselect 1;\n`,
    ),
  packages: 'bench',
  command: [process.execPath, 'node_modules/dbmate/dist/cli.js', ...migrate],
  recorded: 'select count(*)::int as count from schema_migrations',
  canLeaveTransaction: true,
  isWrapper: true,
}

/** dbmate without npm's process around it. */
export const dbmateBinary: Contender = {
  ...dbmate,
  name: 'dbmate, binary',
  note: 'the binary alone',
  command: [`node_modules/@dbmate/${platform}-${arch}/bin/dbmate${platform === 'win32' ? '.exe' : ''}`, ...migrate],
  isWrapper: false,
}
