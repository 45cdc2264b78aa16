// The floor: what a careful engineer writes by hand when no tool is wanted. It neither locks nor remembers anything but
// names and checksums, so it is less than anybody should run; it is here to tell what a tool costs on top.
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import process from 'node:process'
import pg from 'pg'

const outside = '-- no transaction'

const files = readdirSync('migrations')
  .filter((name) => name.endsWith('.sql'))
  .sort()
  .map((name) => {
    const source = readFileSync(`migrations/${name}`, 'utf8')
    return { name, source, checksum: createHash('sha256').update(source).digest('hex') }
  })

const client = new pg.Client(process.env.DATABASE_URL)
await client.connect()
try {
  const history = await readHistory()
  for (const { name, checksum } of files) {
    const applied = history.get(name)
    if (applied !== undefined && applied !== checksum) throw new Error(`${name} was edited after it was applied.`)
  }
  for (const file of files) if (!history.has(file.name)) await apply(file)
} finally {
  await client.end()
}

/** @returns {Promise<Map<string, string>>} */
async function readHistory() {
  try {
    const { rows } = await client.query('select name, checksum from history')
    return new Map(rows.map(({ name, checksum }) => [String(name), String(checksum)]))
  } catch (error) {
    if (/** @type {{ code?: string }} */ (error).code !== '42P01') throw error
  }
  await client.query(
    'create table history (name text primary key, checksum text not null, applied_at timestamptz not null default now())',
  )
  return new Map()
}

/** @param {{ name: string, source: string, checksum: string }} file */
async function apply({ name, source, checksum }) {
  const record = () => client.query('insert into history (name, checksum) values ($1, $2)', [name, checksum])
  if (source.startsWith(outside)) {
    await client.query(source)
    await record()
    return
  }
  await client.query('begin')
  try {
    await client.query(source)
    await record()
    await client.query('commit')
  } catch (error) {
    await client.query('rollback')
    throw error
  }
}
