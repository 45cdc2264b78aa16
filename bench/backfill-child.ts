import { openDatabase } from '../src/database/database.ts'
import { byBackfill, byHand } from './backfill-contest.ts'

// `node scripts/run.mjs bench/backfill-child.ts own URL` brings the messages of a database up to date and prints what memory
// the process has had at its peak: a process of its own, because a peak never goes down again.

const [who, url = ''] = process.argv.slice(2)
await using database = await openDatabase(url)
const { rows } = await (who === 'own' ? byBackfill : byHand)(database)
process.stdout.write(JSON.stringify({ rows, peak: process.resourceUsage().maxRSS * 1024 }))
