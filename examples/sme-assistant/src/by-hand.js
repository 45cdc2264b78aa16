// What `psql -f FILE…` does, also on the embedded PostgreSQL: node src/by-hand.js migrations/20250315_….sql, or
// node src/by-hand.js -c "drop index …".

import { readFile } from 'node:fs/promises'
import { MetastoreError } from 'metastore'
import { openAssistant } from './database.js'

async function main() {
  const [first, ...rest] = process.argv.slice(2)
  if (first === undefined) throw new TypeError('usage: node src/by-hand.js FILE…, or node src/by-hand.js -c STATEMENT')
  const scripts = first === '-c' ? rest : await Promise.all([first, ...rest].map((file) => readFile(file, 'utf8')))
  const database = await openAssistant()
  try {
    const session = await database.session()
    for (const script of scripts) await session.script(script)
    await session.close()
  } finally {
    await database.close()
  }
}

await main().catch((/** @type {unknown} */ error) => {
  if (!(error instanceof MetastoreError || error instanceof TypeError)) throw error
  process.stderr.write(`error ${error.message}\n`)
  process.exitCode = 1
})
