import path from 'node:path'
import { metastore as contender } from './contenders/metastore.ts'
import { measure, type Usage } from './measure.ts'
import { smallFiles } from './migration-set.ts'
import type { Project } from './project.ts'
import { inRounds } from './rounds.ts'
import type { Workshop } from './workshop.ts'

/** What the first audit took, in milliseconds, and what everybody took in each round after it. */
export interface AuditFigures {
  readonly replayed: number
  readonly rounds: Readonly<Record<'node' | 'status' | 'audit', readonly Usage[]>>
}

/** Audits a database that is as its migrations make it, again and again. */
export async function auditRounds(workshop: Workshop, files: number, rounds: number): Promise<AuditFigures> {
  const project = workshop.project(contender, smallFiles(files), await workshop.server.freshDatabase())
  await measure(project)
  const run = (...command: string[]): Project => ({ ...project, command: [process.execPath, ...command] })
  const program = path.join(workshop.metastore, 'bin', 'metastore')
  const node = run('-e', '0')
  const status = run(program, 'status')
  const audit = run(program, 'audit')
  const { wall } = await measure(audit)
  const usages = await inRounds([node, status, audit], rounds, measure)
  return {
    replayed: wall,
    rounds: { node: usages.get(node) ?? [], status: usages.get(status) ?? [], audit: usages.get(audit) ?? [] },
  }
}
