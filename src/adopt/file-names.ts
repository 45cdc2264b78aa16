import type { MigrationFile } from '../migrations/migrations.ts'

/** The files that begin with a number, whatever follows it. */
export function filesOfNumber(number: string, files: readonly MigrationFile[]): readonly MigrationFile[] {
  const wanted = number.replace(/^0+(?=\d)/, '')
  return files.filter(({ version }) => version === wanted)
}

/** A file's name without its directory and its extensions: `db/V1__runs.sql` is `V1__runs`. */
export function stemOf(path: string): string {
  const last = path.split(/[\\/]/).at(-1) ?? path
  return last.replace(/(?:\.(?:up|js|cjs|mjs|ts|cts|mts|sql|py|rb|xml|ya?ml|json|toml))+$/i, '')
}

/** The files of a name, or of that name behind a leading number: `3_add_runs` for `add_runs`. */
export function filesOfName(name: string, files: readonly MigrationFile[]): readonly MigrationFile[] {
  const same = files.filter((file) => file.name === name || file.stem === name)
  if (same.length > 0) return same
  return files.filter((file) => /^\d+[_.-]+/.test(file.name) && file.name.replace(/^\d+[_.-]+/, '') === name)
}

/** The value of a header comment, such as `-- revision: abc`; undefined where no line has it. */
export function headerOf({ source }: MigrationFile, key: string): string | undefined {
  return new RegExp(String.raw`^[ \t]*(?:--|//|#)[ \t]*${key}[ \t]*:[ \t]*(\S.*?)[ \t]*$`, 'im').exec(source)?.[1]
}
