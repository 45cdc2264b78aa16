import type { Engine, Position } from './engine.ts'
import { readAppliedSource } from './history.ts'
import type { MigrationFile } from './migration.ts'
import { compareWithHistory, discrepancyError, type Allowances } from './pending.ts'

/** Throws the error for the first discrepancy between files and history that nobody allowed; shows an edited file's difference. */
export async function assertConsistent(
  engine: Pick<Engine, 'session' | 'bookkeeping'>,
  files: readonly MigrationFile[],
  { applied }: Pick<Position, 'applied'>,
  allow: Allowances | undefined,
): Promise<void> {
  const { discrepancies, newest } = compareWithHistory(files, applied, allow)
  const [first] = discrepancies
  if (first === undefined) return
  const file = files.find(({ name }) => name === first.name)
  const difference = first.kind === 'edited' && file ? await showDifference(engine, file) : []
  throw discrepancyError(discrepancies, newest, difference)
}

/** How a file differs from the text that was applied, as the lines of a unified diff. */
async function showDifference(
  { session, bookkeeping }: Pick<Engine, 'session' | 'bookkeeping'>,
  file: MigrationFile,
): Promise<string[]> {
  const stored = await readAppliedSource(session, bookkeeping, file.name)
  if (stored === undefined) return []
  const { createTwoFilesPatch } = await import('diff')
  const pairs = [
    [stored.source, file.source, file.path],
    [stored.downSource ?? '', file.down?.source ?? '', file.down?.path ?? `${file.path} (down)`],
  ] as const
  return pairs
    .filter(([before, after]) => before !== after)
    .flatMap(([before, after, path]) => {
      const lines = createTwoFilesPatch(`${path} (as applied)`, `${path} (now)`, before, after).trimEnd().split('\n')
      return lines.filter((line) => !/^=+$/.test(line))
    })
}
