import { MetastoreError } from '../errors.ts'
import { bundleScript, type CompileFailure, type ScriptFile } from './formats/script-bundle.ts'
import { mapStack, placeOfError } from './formats/script-stack.ts'

export type { ScriptFile }

/** What a module of the user's exports. */
export type Exports = Readonly<Record<string, unknown>>

/**
 * Loads a module of the user's that is no migration, the way migrations in code are: transpiled with what it imports by
 * relative paths. What does not compile, or throws while it is loaded, is refused with the code that is given.
 */
export async function loadScript(file: ScriptFile, failure: CompileFailure): Promise<Exports> {
  return (await loadScriptFiles(file, failure)).exports
}

/** The same, with the files that it is made of, by their absolute paths: itself and what it imports by relative paths. */
export async function loadScriptFiles(
  file: ScriptFile,
  failure: CompileFailure,
): Promise<{ readonly exports: Exports; readonly files: readonly string[] }> {
  const bundle = await bundleScript(file, failure)
  try {
    return { exports: (await import(bundle.url)) as Exports, files: bundle.files }
  } catch (error) {
    mapStack(error, bundle)
    throw new MetastoreError({
      code: failure.code,
      message: `${failure.subject} threw while it was loaded: ${error instanceof Error ? error.message : String(error)}`,
      where: placeOfError(error, file),
      remedy: 'Mend it at this place and run again.',
      cause: error,
    })
  }
}
