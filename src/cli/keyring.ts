import { MetastoreError } from '../errors.ts'
import type { DatabaseSettings, Project } from '../project/project.ts'
import { readKeyText, type KeySource } from '../secrets/key-source.ts'
import { parseKeyring, type Keyring } from '../secrets/keyring.ts'
import type { Context, DatabaseEntry } from './context.ts'
import { addKeys } from './known-secrets.ts'

/** Where the keys of a database come from: its variable, else its file, else its program; undefined where none is given. */
export function keySourceOf(settings: DatabaseSettings, project: Project): KeySource | undefined {
  const value = project.variable(settings.keysVariable)
  // An empty variable is one that is not set.
  if (value !== undefined && value !== '') return { from: 'variable', name: settings.keysVariable, value }
  const { keysFile: file, keysCommand: words } = settings
  if (file !== null) return { from: 'file', path: file.absolute, shown: file.path }
  return words === null ? undefined : { from: 'command', words, directory: project.directory }
}

/** The keyring of a database. From now on no output shows a key of it. Throws `key_missing`, `key_invalid`, `key_source_failed`. */
export async function openKeyring({ settings }: DatabaseEntry, context: Context): Promise<Keyring> {
  const source = keySourceOf(settings, await context.project())
  if (source === undefined) throw keyMissing(settings)
  const { text, where } = await readKeyText(source, context.signal)
  addKeys(context.secrets, text)
  return parseKeyring(text, where)
}

function keyMissing({ name, keysVariable }: DatabaseSettings): MetastoreError {
  return new MetastoreError({
    code: 'key_missing',
    message: `There is no key for encryption: the environment variable ${keysVariable} is not set.`,
    where: `database ${name}`,
    remedy: `Make a key with metastore keys generate and set ${keysVariable}, or name its place with keys_file or keys_command in metastore.toml.`,
  })
}
