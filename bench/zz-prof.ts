import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { once } from 'node:events'
import { openDatabase, sql } from '../src/database/database.ts'
import { migrateShipped } from '../test/shipped-schema/migrate.ts'
import { startServer } from './server.ts'
import { runCases, threadCases, search, seed } from './protocol-cases.ts'
const server = await startServer()
const databaseUrl = await server.freshDatabase()
const database = await openDatabase(databaseUrl)
const version = await migrateShipped(database)
{ await using s = await database.session(); await s.script('create extension if not exists pg_stat_statements').catch((e)=>console.log(String(e))) }
const child = spawn(process.execPath, [...(process.env.PROF ? ['--cpu-prof','--cpu-prof-dir=/tmp/prof'] : []), 'scripts/run.mjs', 'bench/zz-prof-server.ts', databaseUrl, version], { stdio: ['ignore','pipe','inherit'] })
let url = ''
for await (const line of createInterface({ input: child.stdout })) { const m = /^listening (.*)$/.exec(line); if (m) { url = m[1] ?? ''; break } }
const all = [...runCases, ...threadCases, search(Number(process.env.THREADS ?? 1000))]
import { readdirSync, readFileSync } from 'node:fs'
function cpu(filter: (pid: string, cmd: string) => boolean): number { let t = 0; for (const pid of readdirSync('/proc')) { if (!/^\d+$/.test(pid)) continue; try { const cmd = readFileSync(`/proc/${pid}/cmdline`, 'utf8'); if (!filter(pid, cmd)) continue; const st = readFileSync(`/proc/${pid}/stat`, 'utf8'); const f = st.slice(st.lastIndexOf(')') + 2).split(' '); t += (Number(f[11]) + Number(f[12])) * 10 } catch {} } return t }
const node = () => cpu((pid) => pid === String(child.pid))
const pg = () => cpu((_, cmd) => /postgres: .* bench_1 /.test(cmd) )
const before = process.cpuUsage()
for (const one of all.filter((c) => c.name.includes(process.argv[2] ?? 'wait, 16'))) {
  if (one.name.includes('search')) await seed(url, 0, Number(process.env.THREADS ?? 1000))
  const n0 = node(), p0 = pg(); const secs = Number(process.env.SECONDS_ ?? 4); const m = await one.measure(url, secs); const count = m.rate * secs * 1.25; console.log(one.name, m, 'node ms each', ((node() - n0) / count).toFixed(2), 'pg ms each', ((pg() - p0) / count).toFixed(2))
}
console.log('client cpu', process.cpuUsage(before))
child.kill('SIGTERM'); await once(child, 'exit')
await database.close()
await server.stop()
