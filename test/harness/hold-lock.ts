// Takes the migration lock of the database that its argument names, says so, and holds it until the process is killed.
import { openDatabase } from '../../src/database/database.ts'

const db = await openDatabase(process.argv[2] ?? '')
const attempt = await db.tryLock({ command: 'hold' })
process.stdout.write(`${'lock' in attempt ? 'held' : 'refused'} by ${process.pid}\n`)
