import type { Dialect } from '../../database/sql.ts'
import { MetastoreError } from '../../errors.ts'
import type { Migration, MigrationFile, SqlPart } from '../migration.ts'
import { combineProblems, problemAt, wholeFile } from '../problems.ts'
import { scanSql } from '../sql/scanner.ts'
import { fitTransaction } from './fit-transaction.ts'
import { readSections, type Section, type SqlSections } from './section.ts'

/**
 * Reads a migration written in SQL, with the markers of metastore, dbmate, goose or sql-migrate in its comments. BEGIN and
 * COMMIT around all of a part are blanked out, since the part runs in a transaction anyway.
 * Throws `migration_invalid`: the first thing that is wrong, with all others in its details.
 */
export async function parseSqlMigration(file: MigrationFile, dialect: Dialect): Promise<Migration> {
  const main = readSections(file.source, dialect, file.path)
  const undo = file.down && readSections(file.down.source, dialect, file.down.path)
  const problems = [...main.problems, ...(undo?.problems ?? []), ...conflicts(file, main, undo)]
  const up = await part(main.up, file.source, file.path, dialect)
  const downSection = undo ? undoSection(undo) : main.down
  const down = await part(downSection, file.down?.source ?? file.source, file.down?.path ?? file.path, dialect)
  const problem = combineProblems([...problems, ...up.problems, ...down.problems])
  if (problem !== undefined) throw problem
  return {
    file,
    name: file.name,
    description: main.header.description,
    priority: main.header.priority ?? 'P1',
    requires: main.header.requires ?? [],
    up: up.part,
    down: isEmpty(down.part, dialect) ? undefined : down.part,
  }
}

// In a down file everything is the down part, whether a marker says so or not.
function undoSection({ up, down, header }: SqlSections): Section {
  return down ?? { ...up, transaction: up.transaction && !header.noTransaction }
}

function conflicts(file: MigrationFile, main: SqlSections, undo: SqlSections | undefined): MetastoreError[] {
  if (file.down === undefined || undo === undefined) return []
  const problems: MetastoreError[] = []
  if (main.down !== undefined) {
    problems.push(
      problemAt(wholeFile(file.source, file.path), main.down.marker, {
        code: 'migration_invalid',
        message: `${file.name} has a down part here and a down file, ${file.down.path}.`,
        remedy: 'Keep one of them.',
      }),
    )
  }
  const { priority, requires, description } = undo.header
  if (undo.upMarked || [priority, requires, description].some((setting) => setting !== undefined)) {
    problems.push(
      new MetastoreError({
        code: 'migration_invalid',
        message: `${file.down.path} is the down file of ${file.path}, so it has no up part and no settings but no-transaction.`,
        where: file.down.path,
        remedy: `Move them to ${file.path}.`,
      }),
    )
  }
  return problems
}

async function part(
  section: Section | undefined,
  source: string,
  path: string,
  dialect: Dialect,
): Promise<{ part: SqlPart; problems: MetastoreError[] }> {
  const { start, end, transaction } = section ?? { start: 0, end: 0, transaction: true }
  const text = source.slice(start, end)
  const fitted = await fitTransaction(text, dialect, { path, source, offset: start }, transaction)
  return {
    part: { kind: 'sql', text: fitted.text, path, offset: start, source, transaction },
    problems: fitted.problems,
  }
}

// Templates of other tools end in an empty down part; it means that nobody has said how to undo the migration.
function isEmpty({ text }: SqlPart, dialect: Dialect): boolean {
  return scanSql(text, dialect).statements.length === 0
}
