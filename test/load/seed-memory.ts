import { openDatabase } from '../../src/database/database.ts'
import { loadDefaultExport, splitScript } from '../../src/migrations/migrations.ts'
import { applySeeds, readSeedFile } from '../../src/seeds/seeds.ts'

// `seed-memory.ts URL FILE...` seeds the files one after the other, and prints after each the highest memory so far in bytes.

const [url = '', ...files] = process.argv.slice(2)
await using database = await openDatabase(url)
await using session = await database.session()
for (const file of files) {
  const result = await applySeeds({
    database,
    session,
    baseSchema: 'public',
    stateSchema: 'metastore',
    set: 'seeds',
    files: [readSeedFile(file, file)],
    environment: null,
    variable: () => undefined,
    secrets: null,
    readers: { splitSql: splitScript, loadScript: loadDefaultExport },
    position: null,
    actor: 'somebody@here',
  })
  const peak = process.resourceUsage().maxRSS * 1024
  process.stdout.write(`${JSON.stringify({ counts: result.files[0]?.counts, peak })}\n`)
}
