import { rm } from 'node:fs/promises'
import type { Contender } from './contender.ts'
import { measure } from './measure.ts'
import type { SqlFile } from './migration-set.ts'
import type { Result } from './no-op.ts'
import { inRounds } from './rounds.ts'
import { type Statement, statementsOf } from './statements.ts'
import type { Workshop } from './workshop.ts'

/** Runs everybody on an empty database, a new one each time. */
export async function measureApply(
  workshop: Workshop,
  contenders: readonly Contender[],
  { migrations, rounds }: { readonly migrations: readonly SqlFile[]; readonly rounds: number },
): Promise<Result[]> {
  const { server } = workshop
  const statements = new Map<Contender, Statement[]>()
  for (const contender of contenders) {
    const url = await server.freshDatabase()
    const project = workshop.project(contender, migrations, url)
    statements.set(contender, await statementsOf(server, url, project))
    await server.dropDatabase(url)
  }
  const usages = await inRounds(contenders, rounds, async (contender) => {
    const url = await server.freshDatabase()
    const project = workshop.project(contender, migrations, url)
    const usage = await measure(project)
    await assertApplied(workshop, contender, url, migrations.length)
    await server.dropDatabase(url)
    await rm(project.directory, { recursive: true })
    return usage
  })
  return contenders.map((contender) => ({
    contender,
    usages: usages.get(contender) ?? [],
    statements: statements.get(contender) ?? [],
  }))
}

async function assertApplied({ server }: Workshop, contender: Contender, url: string, expected: number): Promise<void> {
  const { rows } = await server.withClient(url, (client) => client.query<{ count: number }>(contender.recorded))
  if (rows[0]?.count !== expected)
    throw new Error(`${contender.name} has recorded ${rows[0]?.count} of ${expected} files.`)
}
