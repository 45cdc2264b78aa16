// Ends without closing its database: by itself, or, for an SQLite file, while a statement without end is writing to it:
// `leave-open.ts URL [FILE]`.

import { existsSync } from 'node:fs'
import { setImmediate as otherEvents } from 'node:timers/promises'
import { openDatabase } from '../../src/database/database.ts'

const [url = '', file] = process.argv.slice(2)
const db = await openDatabase(url)
const session = await db.session()
await session.script('create table left_open (id int)')
process.stdout.write('open\n')
if (file !== undefined) {
  void session.script(
    'insert into left_open with recursive c(x) as (select 1 union all select x + 1 from c) select x from c',
  )
  while (!existsSync(`${file}-journal`)) await otherEvents()
  process.exit(7)
}
