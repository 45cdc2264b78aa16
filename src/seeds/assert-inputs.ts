import type { Dialect } from '../database/database.ts'
import type { Cell } from './format/cell.ts'
import { isFor, loadSeed, type SeedReaders } from './load-seed.ts'
import { collectProblems, placeOf, throwProblems, type Problems, type SourceText } from './problem.ts'
import type { DataStep } from './format/seed-document.ts'
import type { SeedFile } from './format/seed-file.ts'
import { noKey, variableMissing } from './missing-input.ts'

/** What the cells of seeds can be given. */
export interface AvailableInputs {
  readonly dialect: Dialect
  readonly environment: string | null
  readonly readers: SeedReaders
  readonly variable: (name: string) => string | undefined
  readonly hasKeys: boolean
}

/**
 * Looks, without a database, whether the variables and keys are there that data files ask for, so that what comes before the
 * seeds need not begin. Throws `seed_invalid` naming all that is missing, or wrong with the form of a file.
 */
export async function assertInputs(files: readonly SeedFile[], available: AvailableInputs): Promise<void> {
  const problems = collectProblems()
  for (const file of files.filter(({ format }) => format === 'data')) {
    const seed = await loadSeed(file, { problems, ...available })
    if (!isFor(seed, available.environment)) continue
    const { source } = seed.reading
    for (const cell of seed.steps.flatMap(({ step }) => cellsOf(step))) look(cell, { source, problems }, available)
  }
  throwProblems(problems)
}

function cellsOf({ defaults, rows }: DataStep): Cell[] {
  const entries = rows.kind === 'listed' ? rows.rows.flatMap(({ cells }) => cells) : []
  return [...defaults, ...entries].map(({ cell }) => cell)
}

function look(
  cell: Cell,
  { source, problems }: { readonly source: SourceText; readonly problems: Problems },
  available: AvailableInputs,
): void {
  const add = ({ message, remedy }: { readonly message: string; readonly remedy: string }) =>
    problems.add(placeOf(source, cell.at), message, remedy)
  switch (cell.kind) {
    case 'env': {
      const value = available.variable(cell.name)
      if ((value === undefined || value === '') && cell.otherwise === null) add(variableMissing(cell.name))
      return
    }
    case 'encrypt':
      look(cell.cell, { source, problems }, available)
      if (!available.hasKeys && !mayBeNothing(cell.cell)) add(noKey)
      return
    case 'hash':
      look(cell.cell, { source, problems }, available)
      return
    case 'ref':
      for (const { cell: part } of cell.ref.by) look(part, { source, problems }, available)
      return
    default:
  }
}

// A variable that is not set may have null as its default, and then there is nothing to encrypt.
function mayBeNothing(cell: Cell): boolean {
  return cell.kind === 'env' && cell.otherwise !== null
}
