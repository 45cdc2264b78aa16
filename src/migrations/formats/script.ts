import { MetastoreError } from '../../errors.ts'
import { nearest } from '../../nearest.ts'
import type { Migration, MigrationFile, Priority, ScriptContext, ScriptPart } from '../migration.ts'
import { bundleScript, type Bundle } from './script-bundle.ts'
import { mapStack, placeOfError } from './script-stack.ts'

/**
 * Reads a migration written in TypeScript or JavaScript: transpiles it with what it imports by relative paths, loads it, and
 * checks what it exports. Its checksum is that of the file alone: what it imports is not covered.
 * Throws `migration_invalid` for what does not compile or has wrong exports, `script_failed` when loading it throws.
 */
export async function parseScriptMigration(file: MigrationFile): Promise<Migration> {
  const bundle = await bundleScript(file)
  const exported = exportsOf(await load(file, bundle))
  const problem = wrongExport(exported)
  if (problem !== undefined) throw invalid(file, problem)
  const { up, down, transaction = true, priority, requires, description } = exported as unknown as Checked
  const part = (run: Direction): ScriptPart => ({
    kind: 'script',
    path: file.path,
    transaction,
    run: async (context) => {
      try {
        await run.call(exported, context)
      } catch (error) {
        throw mapStack(error, bundle)
      }
    },
  })
  return {
    file,
    name: file.name,
    description,
    priority: priority ?? 'P1',
    requires: requires ?? [],
    up: part(up),
    down: down && part(down),
  }
}

type Direction = (context: ScriptContext) => unknown

interface Checked {
  readonly up: Direction
  readonly down?: Direction
  readonly transaction?: boolean
  readonly priority?: Priority
  readonly requires?: readonly string[]
  readonly description?: string
}

type Exports = Readonly<Record<string, unknown>>

async function load(file: MigrationFile, bundle: Bundle): Promise<Exports> {
  try {
    return (await import(bundle.url)) as Exports
  } catch (error) {
    mapStack(error, bundle)
    throw new MetastoreError({
      code: 'script_failed',
      message: `The migration script threw while it was loaded: ${error instanceof Error ? error.message : String(error)}`,
      where: placeOfError(error, file),
      remedy: 'Mend the script and run again.',
      cause: error,
    })
  }
}

// A default export that is an object stands for the whole: defineMigration makes one, and so does module.exports.
function exportsOf(module: Exports): Exports {
  const whole = module['default']
  return module['up'] === undefined && typeof whole === 'object' && whole !== null ? (whole as Exports) : module
}

const kinds: Readonly<Record<keyof Checked, { readonly is: (value: unknown) => boolean; readonly kind: string }>> = {
  up: { is: isFunction, kind: 'a function' },
  down: { is: isFunction, kind: 'a function' },
  transaction: { is: (value) => typeof value === 'boolean', kind: 'true or false' },
  priority: { is: (value) => value === 'P0' || value === 'P1' || value === 'P2', kind: "'P0', 'P1' or 'P2'" },
  requires: {
    is: (value) => Array.isArray(value) && value.every((name) => typeof name === 'string'),
    kind: 'a list of names of migrations',
  },
  description: { is: (value) => typeof value === 'string', kind: 'a text' },
}

interface ExportProblem {
  readonly message: string
  readonly remedy: string
}

function wrongExport(exported: Exports): ExportProblem | undefined {
  for (const [name, { is, kind }] of Object.entries(kinds)) {
    const value = exported[name]
    if (value === undefined ? name !== 'up' : is(value)) continue
    if (value !== undefined) return { message: `The export ${name} is not ${kind}.`, remedy: `Make ${name} ${kind}.` }
    const close = nearest('up', Object.keys(exported))
    const remedy = 'Add "export async function up({ db, sql }) { … }".'
    return {
      message: 'The script exports no function up.',
      remedy: close ? `Did you mean up by ${close}? ${remedy}` : remedy,
    }
  }
  // Helpers may be exported too, so only a name that is nearly right is taken for a slip.
  for (const name of Object.keys(exported)) {
    const close = name in kinds || name === 'default' ? undefined : nearest(name, Object.keys(kinds))
    if (close === undefined || exported[close] !== undefined) continue
    return {
      message: `The export ${name} means nothing here.`,
      remedy: `Did you mean ${close}? Else do not export it.`,
    }
  }
  return undefined
}

function isFunction(value: unknown): boolean {
  return typeof value === 'function'
}

function invalid({ path }: MigrationFile, { message, remedy }: ExportProblem): MetastoreError {
  return new MetastoreError({ code: 'migration_invalid', message, where: path, remedy })
}
