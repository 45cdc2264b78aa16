import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import path from 'node:path'
import type { AppliedSeed, RecordedInputs } from './history.ts'
import type { SeedFile } from './format/seed-file.ts'
import type { SeedOptions } from './seed-options.ts'
import type { SeedInputs } from './world.ts'

/** Checksums of files that are being worked out, by the names that the seed file has for them. */
export type Checksums = ReadonlyMap<string, Promise<string | undefined>>

/** Begins to work out the checksums of what a file has read so far, to go on while the database is at work. */
export function beginChecksums(file: SeedFile, { files }: SeedInputs): Checksums {
  return new Map([...files].map((name) => [name, checksumOf(file, name)]))
}

/** What a file read besides itself, as the history keeps it: nothing from which a value could be found out. */
export async function recordInputs(
  file: SeedFile,
  inputs: SeedInputs,
  { options, begun }: { readonly options: SeedOptions; readonly begun: Checksums },
): Promise<RecordedInputs> {
  const files: Record<string, string> = {}
  for (const name of inputs.files) files[name] = (await (begun.get(name) ?? checksumOf(file, name))) ?? ''
  const variables = [...inputs.variables].sort()
  return { files, variables, fingerprint: fingerprintOf(variables, options) }
}

/** Whether a file was applied as it is now, with everything that it reads as it is now. */
export async function isUnchanged(
  file: SeedFile,
  applied: AppliedSeed | undefined,
  options: SeedOptions,
): Promise<boolean> {
  if (options.force || applied === undefined) return false
  if (applied.checksum !== file.checksum || applied.environment !== options.environment) return false
  if (applied.position !== options.position) return false
  const { variables, fingerprint } = applied.inputs
  // Without a key nothing may be kept by which values could be compared, so that such a file is looked at again.
  if (variables.length > 0 && (fingerprint === null || fingerprint !== fingerprintOf(variables, options))) return false
  return areFilesUnchanged(file, applied.inputs)
}

/** Whether the files that a seed has read are what they were. */
export async function areFilesUnchanged(file: SeedFile, { files }: Pick<RecordedInputs, 'files'>): Promise<boolean> {
  for (const [name, checksum] of Object.entries(files)) {
    if ((await checksumOf(file, name)) !== checksum) return false
  }
  return true
}

function fingerprintOf(variables: readonly string[], { secrets, variable }: SeedOptions): string | null {
  if (variables.length === 0 || secrets === null) return null
  return secrets.fingerprint(JSON.stringify(variables.map((name) => [name, variable(name) ?? null])))
}

async function checksumOf({ absolutePath }: SeedFile, name: string): Promise<string | undefined> {
  const hash = createHash('sha256')
  try {
    for await (const bytes of createReadStream(path.resolve(path.dirname(absolutePath), name), {
      highWaterMark: 1_048_576,
    }))
      hash.update(bytes as Uint8Array)
    return hash.digest('hex')
  } catch {
    // What is missing now is told where it is read.
    return undefined
  }
}
