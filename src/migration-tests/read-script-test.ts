import { basename, extname } from 'node:path'
import { MetastoreError } from '../errors.ts'
import type { MigrationFile } from '../migrations/migrations.ts'
import { bundleScript, mapStack, placeOfError } from '../migrations/test-sources.ts'
import type { ScriptTest } from './migration-test.ts'
import { beginningOf } from './read-sql-test.ts'

interface Source {
  readonly path: string
  readonly absolutePath: string
  readonly source: string
}

/** Reads a test in TypeScript or JavaScript: a function as its default export, and `at` or `before`. Throws `test_invalid`. */
export async function readScriptTest(source: Source, files: readonly MigrationFile[]): Promise<ScriptTest> {
  const { path } = source
  const name = basename(path, extname(path))
  const file: MigrationFile = { ...source, name, version: null, format: 'script', checksum: '' }
  const bundle = await bundleScript(file)
  const exported = await load(bundle.url, (error) => {
    mapStack(error, bundle)
    return invalid(placeOfError(error, file), `The test threw while it was loaded: ${messageOf(error)}`, error)
  })
  const { default: run, title, at, before } = exported
  if (typeof run !== 'function') throw invalid(path, 'The default export of a test must be a function.')
  for (const [key, value] of Object.entries({ title, at, before })) {
    if (value !== undefined && typeof value !== 'string') throw invalid(path, `The export ${key} must be text.`)
  }
  if (at !== undefined && before !== undefined) throw invalid(path, 'A test begins in one state only.')
  return {
    kind: 'script',
    title: typeof title === 'string' ? title : name,
    path,
    ...beginningOf({ at: at as string | undefined, before: before as string | undefined }, files),
    run: async (context) => {
      try {
        await (run as ScriptTest['run'])(context)
      } catch (error) {
        mapStack(error, bundle)
        throw new MetastoreError({
          code: 'test_failed',
          message: messageOf(error),
          where: placeOfError(error, file),
          remedy: 'Mend the migration or the test.',
          cause: error,
        })
      }
    },
  }
}

async function load(url: string, failed: (error: unknown) => MetastoreError): Promise<Record<string, unknown>> {
  try {
    return (await import(url)) as Record<string, unknown>
  } catch (error) {
    throw failed(error)
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function invalid(where: string, message: string, cause?: unknown): MetastoreError {
  return new MetastoreError({
    code: 'test_invalid',
    message,
    where,
    remedy:
      'Write export default async ({ db, sql, migrate }) => { … }, with export const before = "NAME" or at = "NAME".',
    cause,
  })
}
