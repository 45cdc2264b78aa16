import { escapeIdentifier } from 'pg'
import type { Contender } from './contender.ts'
import { measure, type Usage } from './measure.ts'
import type { SqlFile } from './migration-set.ts'
import type { Project } from './project.ts'
import { inRounds } from './rounds.ts'
import { databaseName } from './server.ts'
import { type Statement, statementsOf } from './statements.ts'
import type { Workshop } from './workshop.ts'

/** How one contender did in all rounds, and what it sent the server in one more run. */
export interface Result {
  readonly contender: Contender
  readonly usages: readonly Usage[]
  readonly statements: readonly Statement[]
}

/** Runs everybody on a database that is up to date already. */
export async function measureNoOp(
  workshop: Workshop,
  contenders: readonly Contender[],
  { migrations, rounds }: { readonly migrations: readonly SqlFile[]; readonly rounds: number },
): Promise<Result[]> {
  const { server } = workshop
  const places = new Map<Contender, { url: string; project: Project; statements: Statement[] }>()
  for (const contender of contenders) {
    const url = await server.freshDatabase()
    const project = workshop.project(contender, migrations, url)
    await measure(project)
    places.set(contender, { url, project, statements: await statementsOf(server, url, project) })
  }
  const placeOf = (contender: Contender) => {
    const place = places.get(contender)
    if (place === undefined) throw new Error(`${contender.name} was not prepared.`)
    return place
  }
  const usages = await inRounds(contenders, rounds, (contender) => measure(placeOf(contender).project))
  return contenders.map((contender) => ({
    contender,
    usages: usages.get(contender) ?? [],
    statements: placeOf(contender).statements,
  }))
}

/**
 * Fails when metastore does more than it promises on a database that is up to date: three reads, no write, no lock. That it
 * writes nothing is not taken from the words of its statements only: it has to do in a database that is read-only.
 */
export async function assertNoOpPromise(
  workshop: Workshop,
  contender: Contender,
  migrations: readonly SqlFile[],
): Promise<readonly Statement[]> {
  const { server } = workshop
  const url = await server.freshDatabase()
  const project = workshop.project(contender, migrations, url)
  await measure(project)
  const statements = await statementsOf(server, url, project)
  const count = (kind: Statement['kind']) => statements.filter((statement) => statement.kind === kind).length
  if (count('read') > 3 || count('write') > 0 || count('lock') > 0) {
    const list = statements.map(({ kind, text }) => `  ${kind}: ${text}`).join('\n')
    throw new Error(`${contender.name} promises at most three reads, no write and no lock, and sent:\n${list}`)
  }
  await server.withClient(url, (client) =>
    client.query(`alter database ${escapeIdentifier(databaseName(url))} set default_transaction_read_only = on`),
  )
  await measure(project)
  return statements
}
