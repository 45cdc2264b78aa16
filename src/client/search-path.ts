import { MetastoreError } from '../errors.ts'

/** Which schemas an application sees beside that of its version. */
export interface VersionScope {
  /**
   * The schema of the tables, `public` unless configured, to be looked through after the version's. Needed where the
   * application uses types, functions or extensions that live there.
   */
  readonly base?: string | undefined
}

/**
 * The search path of a version, as SQL has it after `SET search_path TO`: `migration_004_states, public`. `version` is the
 * name of a migration. Throws `name_invalid`.
 */
export function searchPath(version: string, { base }: VersionScope = {}): string {
  const schemas = [versionSchema(version), ...(base === undefined ? [] : [base])]
  return schemas.map(quote).join(', ')
}

/** The schema of a version, for libraries that write it before the names of tables as well, as Prisma does. */
export function versionSchema(version: string): string {
  return `migration_${version}`
}

/**
 * The statement that selects a version for the rest of a transaction, for poolers that give each transaction another session,
 * and for libraries that have a transaction of their own: `await tx.execute(setVersion('004_states'))`. Without a version it
 * is the session's own path. Throws `name_invalid`.
 */
export function setVersion(version: string | undefined, scope: VersionScope = {}): string {
  return `set local search_path to ${version === undefined ? 'default' : searchPath(version, scope)}`
}

/**
 * The version that an application is to use, from the environment variable METASTORE_VERSION; undefined when that is not set
 * or empty, which stands for the tables themselves.
 */
export function versionFromEnvironment(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string | undefined {
  const version = environment['METASTORE_VERSION']
  return version === undefined || version === '' ? undefined : version
}

/** A name as SQL has it, quoted unless it needs no quotes in any place. */
export function quote(name: string): string {
  // A zero byte would end the value in the message that opens a connection, and begin a setting of its own.
  if (name === '' || name.includes('\0')) {
    throw new MetastoreError({
      code: 'name_invalid',
      message: `${JSON.stringify(name)} cannot be the name of a schema.`,
      remedy: 'Give the name of a migration, and of a schema, without a zero byte.',
    })
  }
  return /^(?:migration_[a-z0-9_]*|public)$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`
}
