// Opens a database and inserts rows 1, 2, 3, ... until it is killed, saying each one that is committed: `write-rows.ts URL`.

import { openDatabase, sql } from '../../src/database/database.ts'

const db = await openDatabase(process.argv[2] ?? '')
const session = await db.session()
await session.script('create table if not exists rows (id int primary key)')
for (let row = 1; ; row++) {
  await session.query(sql`insert into rows values (${row})`)
  process.stdout.write(`${row}\n`)
}
