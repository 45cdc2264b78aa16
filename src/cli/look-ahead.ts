import { statfs } from 'node:fs/promises'
import { MetastoreError } from '../errors.ts'
import type { Finding } from '../finding.ts'
import type { ForeseenPlan } from '../migrations/foresee.ts'
import type { Engine, MigrationFile } from '../migrations/migrations.ts'
import type { DatabaseEntry } from './context.ts'
import { embeddedDirectory } from './embedded-directory.ts'
import { text, type Input } from './input.ts'
import type { Output } from './output.ts'
import { renderFindings } from './ui/findings.ts'
import { count } from './ui/tables.ts'

/** The plan's surroundings. */
interface Ahead {
  readonly engine: Engine
  readonly entry: DatabaseEntry
  readonly input: Input
  readonly base: string
  readonly files: readonly MigrationFile[]
}

/** Looks at what stands in the way of a plan right now. */
export async function lookAhead(
  { engine, entry, input, base, files }: Ahead,
  { plan, statistics }: ForeseenPlan,
): Promise<Finding[]> {
  const { preflight } = await import('../doctor/preflight.ts')
  const names = new Set(plan.migrations.flatMap(({ name, batch }) => batch ?? [name]))
  return preflight({
    ...engine,
    plan,
    statistics,
    base,
    files: files.filter(({ name }) => names.has(name)),
    diskFree: diskFree(input) ?? (await freeBeside(entry)),
  })
}

/** Prints what was found, below the plan. */
export function renderPreflight(output: Output, findings: readonly Finding[]): void {
  output.line()
  renderFindings(output, findings)
  output.line(`-- preflight: ${count(findings.length, 'finding')}`)
}

// Of an embedded database the disk is this machine's.
async function freeBeside(entry: DatabaseEntry): Promise<number | null> {
  const directory = embeddedDirectory(entry)
  if (directory === null) return null
  const { bavail, bsize } = await statfs(directory)
  return bavail * bsize
}

function diskFree(input: Input): number | undefined {
  const given = text(input, 'diskFree')
  if (given === undefined) return undefined
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([kMGT]?)B?$/.exec(given) ?? []
  const factor = { '': 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12 }[unit]
  if (number !== undefined && factor !== undefined) return Number(number) * factor
  throw new MetastoreError({
    code: 'usage',
    message: `--disk-free cannot be ${JSON.stringify(given)}.`,
    where: '--disk-free',
    remedy: 'Give a size, such as 500MB or 50GB.',
  })
}
