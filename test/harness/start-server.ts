// Starts a PostgreSQL server, says where, and lets it run until this process ends.
import { startPostgres } from './postgres-server.ts'

const { pid, directory } = await startPostgres(18)
process.stdout.write(`${JSON.stringify({ pid, directory })}\n`)
