import path from 'node:path'
import { measure, type Usage } from './measure.ts'
import { plainEnvironment, type Project } from './project.ts'
import { inRounds } from './rounds.ts'
import type { Workshop } from './workshop.ts'

/** What starting costs: Node with nothing to do, and `metastore --version`. */
export interface Startup {
  readonly node: readonly Usage[]
  readonly version: readonly Usage[]
}

/** Measures the start of the program against that of Node. */
export async function measureStartup({ metastore }: Workshop, rounds: number): Promise<Startup> {
  const run = (...command: string[]): Project => ({
    directory: metastore,
    command: [process.execPath, ...command],
    environment: plainEnvironment(''),
  })
  const node = run('-e', '0')
  const version = run(path.join(metastore, 'bin', 'metastore'), '--version')
  const usages = await inRounds([node, version], rounds, measure)
  return { node: usages.get(node) ?? [], version: usages.get(version) ?? [] }
}
