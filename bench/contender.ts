import type { SqlFile } from './migration-set.ts'

/** A way to apply migrations that takes part in the benchmark. */
export interface Contender {
  readonly name: string
  /** What one must know to compare it: how it is run, what it commits. */
  readonly note: string
  /** Every file of its project, by path: migrations in its format, its configuration, its program where it is a library. */
  files(migrations: readonly SqlFile[]): Readonly<Record<string, string>>
  /** Where its packages are: `bench/node_modules`, those of the checkout, or with its program. */
  readonly packages: 'bench' | 'checkout' | 'none'
  /** The program and its arguments; it runs in the project's directory, with `DATABASE_URL` set. */
  readonly command: readonly [string, ...string[]]
  /** How many migrations its history has, as a query for one number. */
  readonly recorded: string
  /** Whether it can run a file outside a transaction. */
  readonly canLeaveTransaction: boolean
  /** A process that only starts the real one: it is measured, but to kill it would prove nothing. */
  readonly isWrapper?: boolean
  /** Arguments for runs that meet others, where the tool has a way to wait for them. */
  readonly whenContested?: readonly string[]
}

/** The files of a set, each as one text made from its statements. */
export function eachFile(
  directory: string,
  migrations: readonly SqlFile[],
  write: (file: SqlFile) => string,
  extension = '.sql',
): Record<string, string> {
  return Object.fromEntries(migrations.map((file) => [`${directory}/${file.name}${extension}`, write(file)]))
}

/** A file's statements as they would stand in a plain SQL file. */
export function plainSql({ statements }: SqlFile): string {
  return `${statements.join('\n\n')}\n`
}
