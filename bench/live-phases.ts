import type { LiveAction } from './live-actions.ts'
import { firstVersion, messagesSchema, startLoad, type Stretch } from './live-messages.ts'
import type { LiveProject } from './live-project.ts'
import type { Server } from './server.ts'

/** What the load felt: alone, in each phase of an action, and while the plain statement ran. */
export interface Felt {
  readonly alone: Stretch
  readonly start: Stretch
  readonly abort: Stretch
  readonly complete: Stretch
  readonly plain: Stretch
}

/** The phases of an action, in the order of the table. */
export const livePhases = ['start', 'abort', 'complete'] as const

/** Databases with messages that others are copied from: one that metastore looks after, and one that it does not. */
export interface LiveTemplates {
  readonly managed: string
  readonly plain: string
  readonly rows: number
}

/** Makes the databases that each action gets a copy of. */
export async function makeTemplates(server: Server, project: LiveProject, rows: number): Promise<LiveTemplates> {
  const [managed, plain] = [await server.freshDatabase(), await server.freshDatabase()]
  project.write({ '1_base': base(rows) })
  await project.run(managed, 'migrate')
  await server.withClient(managed, (client) => client.query('vacuum analyze'))
  await server.withClient(plain, (client) => client.query(messagesSchema(rows)))
  await server.withClient(plain, (client) => client.query('vacuum analyze'))
  return { managed, plain, rows }
}

/** The migration that makes the messages. */
export function base(rows: number): readonly object[] {
  return [{ type: 'custom', complete: messagesSchema(rows) }]
}

// Milliseconds that a phase is watched at least: what is short needs enough statements for a percentile.
const least = 1000

/** Takes an action through its phases under load: started, aborted, started again and completed. */
export async function feel(
  server: Server,
  project: LiveProject,
  templates: LiveTemplates,
  action: LiveAction,
): Promise<Felt> {
  const url = await server.freshDatabase(templates.managed)
  try {
    const before = action.before === undefined ? {} : { '2_before': [{ type: 'custom', complete: action.before }] }
    const files = { '1_base': base(templates.rows), ...before }
    project.write(files)
    await project.run(url, 'migrate')
    project.write({ ...files, '3_change': [{ type: action.type, ...action.action }] })
    const current = firstVersion(action.before === undefined ? 'migration_1_base' : 'migration_2_before')
    const load = await startLoad(url, current, templates.rows)
    try {
      await load.during('warm-up', least, () => Promise.resolve())
      const alone = await load.during('alone', 2 * least, () => Promise.resolve())
      const start = await load.during('start', least, () => project.run(url, 'start'))
      const abort = await load.during('abort', least, () => project.run(url, 'abort', '--yes'))
      await project.run(url, 'start')
      await load.moveTo({ ...current, ...action.next, schema: 'migration_3_change' })
      const complete = await load.during('complete', least, () => project.run(url, 'complete'))
      return { alone, start, abort, complete, plain: await feelPlain(server, templates, action) }
    } finally {
      await load.stop()
    }
  } finally {
    await server.dropDatabase(url)
  }
}

// What people do without a tool: the statement, on the table that everybody uses.
async function feelPlain(server: Server, templates: LiveTemplates, { before, plain }: LiveAction): Promise<Stretch> {
  const url = await server.freshDatabase(templates.plain)
  try {
    if (before !== undefined) await server.withClient(url, (client) => client.query(before))
    const load = await startLoad(url, firstVersion('public'), templates.rows)
    try {
      await load.during('warm-up', least, () => Promise.resolve())
      return await load.during('plain', least, async () => {
        await server.withClient(url, (client) => client.query(plain))
      })
    } finally {
      await load.stop()
    }
  } finally {
    await server.dropDatabase(url)
  }
}
