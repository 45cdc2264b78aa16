import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Server } from './server.ts'
import { median } from './statistics.ts'

/** A command, and the milliseconds that the whole process took: the median over rounds. */
export interface CommandTime {
  readonly command: string
  readonly milliseconds: number
}

const root = path.resolve(import.meta.dirname, '..')
const example = path.join(root, 'examples', 'assistant-backend')
const database = ['--database', 'assistant-backend']

/** Applies the eight files of the assistant to an empty database, in one command and in two, and again with nothing to do. */
export async function eightMigrations(server: Server, rounds: number): Promise<CommandTime[]> {
  const directory = path.join(mkdtempSync(path.join(tmpdir(), 'metastore-eight-')), 'assistant-backend')
  cpSync(example, directory, { recursive: true })
  const times = new Map<string, number[]>()
  const note = (command: string, took: number) => times.set(command, [...(times.get(command) ?? []), took])
  try {
    for (let round = 0; round <= rounds; round += 1) {
      const [first, second] = [await server.freshDatabase(), await server.freshDatabase()]
      const run = async (label: string, url: string, ...words: string[]) => {
        const took = await timed(directory, url, words)
        // The first round only warms the caches.
        if (round > 0) note(label, took)
      }
      await run('migrate, all eight', first, 'migrate', ...database)
      await run('migrate, nothing to do', first, 'migrate', ...database)
      await run('migrate, up to the seventh', second, 'migrate', '7', ...database)
      await run('start of the eighth', second, 'start', ...database)
      await run('complete of the eighth', second, 'complete', ...database)
      await server.dropDatabase(first)
      await server.dropDatabase(second)
    }
  } finally {
    rmSync(path.dirname(directory), { recursive: true, force: true })
  }
  return [...times].map(([command, all]) => ({ command, milliseconds: median(all) }))
}

function timed(directory: string, url: string, words: readonly string[]): Promise<number> {
  const begin = performance.now()
  const env = { ...process.env, ASSISTANT_DATABASE_URL: url }
  const child = spawn(process.execPath, [path.join(root, 'bin', 'metastore'), ...words, '--quiet'], {
    cwd: directory,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (status) => {
      if (status === 0) resolve(performance.now() - begin)
      else reject(new Error(`metastore ${words.join(' ')} ended with ${status}.`))
    })
  })
}
