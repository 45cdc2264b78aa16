import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { openDatabase } from '../src/database/database.ts'
import { byBackfill, byHand, type Finish, makeMessages } from './backfill-contest.ts'
import type { Server } from './server.ts'

/** What both have come to in each round at one size, and the bytes that a process of each has had at its peak. */
export interface SizeFigures {
  readonly rows: number
  readonly own: readonly Finish[]
  readonly floor: readonly Finish[]
  readonly memory: { readonly own: number; readonly floor: number }
}

type Who = 'own' | 'floor'

/** Lets both do the same rows, in turn, each time on a fresh copy of them. */
export async function contest(server: Server, rows: number, rounds: number): Promise<SizeFigures> {
  const template = await server.freshDatabase()
  try {
    {
      await using database = await openDatabase(template)
      await makeMessages(database, rows)
    }
    const on = { server, template, rows }
    const finishes: Record<Who, Finish[]> = { own: [], floor: [] }
    // The first round only warms the caches.
    for (let round = 0; round <= rounds; round++) {
      for (const who of round % 2 === 0 ? (['own', 'floor'] as const) : (['floor', 'own'] as const)) {
        const finish = await onCopy(on, (url) => timed(url, who))
        if (round > 0) finishes[who].push(finish)
      }
    }
    const memory = {
      own: (await onCopy(on, (url) => inProcess(url, 'own'))).peak,
      floor: (await onCopy(on, (url) => inProcess(url, 'floor'))).peak,
    }
    return { rows, ...finishes, memory }
  } finally {
    await server.dropDatabase(template)
  }
}

interface Place {
  readonly server: Server
  readonly template: string
  readonly rows: number
}

async function onCopy<Result extends { readonly rows: number }>(
  { server, template, rows }: Place,
  work: (url: string) => Promise<Result>,
): Promise<Result> {
  const url = await server.freshDatabase(template)
  try {
    const result = await work(url)
    if (result.rows !== rows) throw new Error(`${result.rows} of ${rows} rows were done.`)
    return result
  } finally {
    await server.dropDatabase(url)
  }
}

async function timed(url: string, who: Who): Promise<Finish> {
  await using database = await openDatabase(url)
  return await (who === 'own' ? byBackfill : byHand)(database)
}

const root = path.resolve(import.meta.dirname, '..')

async function inProcess(url: string, who: Who): Promise<{ rows: number; peak: number }> {
  const program = [path.join(root, 'scripts', 'run.mjs'), path.join(root, 'bench', 'backfill-child.ts'), who, url]
  const { stdout } = await promisify(execFile)(process.execPath, program, { cwd: root })
  return JSON.parse(stdout) as { rows: number; peak: number }
}
