import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { MetastoreError } from '../../errors.ts'
import { nearest } from '../../nearest.ts'
import { countTokens, isReadable, outdated, retirable, type TokenCount } from '../../secrets/count-tokens.ts'
import { generateKey, type Keyring } from '../../secrets/keyring.ts'
import { prepareRotation, rotateColumn } from '../../secrets/rotate.ts'
import { findTokenColumns, type TokenColumn } from '../../secrets/token-columns.ts'
import type { Engine } from '../../migrations/migrations.ts'
import { defineCommand } from '../command.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { eachDatabase, type DatabaseAnswer } from '../each-database.ts'
import { exitStatus, type ExitStatus } from '../exit-status.ts'
import { argument, flag, text, type Input } from '../input.ts'
import { openKeyring } from '../keyring.ts'
import { count } from '../ui/tables.ts'

const parts = ['generate', 'check', 'rotate'] as const

/** Makes keys for encryption, looks at what is encrypted, and moves it to a new key. */
export const keysCommand = defineCommand({
  name: 'keys',
  summary: 'Make a key for encryption, check what is encrypted, or move it to a new key',
  description:
    'generate makes a Fernet key. check reads every column that the setting encrypted names and says how many values each key decrypts; exit status 3 when one cannot be decrypted. rotate encrypts every value with the newest key: in batches, while applications go on, and again from where it was if it is interrupted. Keys are told by their position, never by their value. They come from FERNET_KEY (or the variable that keys_variable names), keys_file or keys_command, the newest first.',
  examples: [
    ['metastore keys generate --out fernet.key', 'a new key in a file that only its owner reads'],
    ['metastore keys check', 'how many values each key decrypts'],
    ['metastore keys rotate --dry-run', 'how many values would be encrypted anew'],
  ],
  scope: 'databases',
  arguments: [{ name: '<what>', description: 'generate, check or rotate' }],
  options: [
    { flags: '--out <file>', description: 'generate: write the key to this new file, with rights for its owner only' },
    { flags: '--dry-run', description: 'rotate: only say what would be done' },
  ],
  json: 'generate: key (null with --out), file; check and rotate: databases[]: database, keys (how many), columns[] (column, byKey[], noKey, damaged, notTokens; rotate adds rotated, resumed), retirable[] (positions of keys that nothing needs)',

  async run(input, context) {
    const part = argument(input, 0) ?? ''
    refuseMisplaced(input, part)
    switch (part) {
      case 'generate':
        return generate(input, context)
      case 'check':
        return eachDatabase(context, (entry) => check(entry, context, false))
      case 'rotate':
        return eachDatabase(context, (entry) =>
          flag(input, 'dryRun') ? check(entry, context, true) : rotate(entry, context),
        )
      default:
        throw partUnknown(part)
    }
  },
})

async function generate(input: Input, { output, workingDirectory }: Context): Promise<ExitStatus> {
  const file = text(input, 'out')
  const key = generateKey()
  if (file === undefined) {
    output.line(key)
  } else {
    await writeKey(path.resolve(workingDirectory, file), file, key)
    output.say(`A new key is in ${file}. Whoever loses it loses what is encrypted with it.`)
  }
  output.document({ key: file === undefined ? key : null, file: file ?? null })
  return exitStatus.done
}

async function writeKey(absolute: string, file: string, key: string): Promise<void> {
  try {
    await writeFile(absolute, `${key}\n`, { flag: 'wx', mode: 0o600 })
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') {
      throw new MetastoreError({
        code: 'file_exists',
        message: 'The file is there already, and a key is never overwritten.',
        where: file,
        remedy: 'Name a new file, and put its key in front of the keys that there are.',
        cause,
      })
    }
    throw new MetastoreError({
      code: 'file_unwritable',
      message: `The key cannot be written: ${(cause as Error).message}.`,
      where: file,
      remedy: 'Name another file, in a directory that is there and that this user may write in.',
      cause,
    })
  }
}

/** The columns of a database that are declared, found, and the keys for them. */
interface Encrypted {
  readonly engine: Engine
  readonly ring: Keyring
  readonly columns: readonly TokenColumn[]
}

async function findEncrypted(engine: Engine, ring: Keyring, { settings }: DatabaseEntry): Promise<Encrypted> {
  const { encrypted: names, schema, origins } = settings
  const where = origins.encrypted.where ?? undefined
  return {
    engine,
    ring,
    columns: await findTokenColumns(engine.session, engine.database.dialect, { names, schema, where }),
  }
}

async function check(entry: DatabaseEntry, context: Context, isDryRun: boolean): Promise<DatabaseAnswer> {
  const ring = await openKeyring(entry, context)
  await using engine = await entry.engine({ command: 'keys', reads: true })
  const { columns } = await findEncrypted(engine, ring, entry)
  const counts: TokenCount[] = []
  for (const column of columns) {
    const counted = await countTokens(engine.session, engine.database.dialect, column, ring)
    counts.push(counted)
    render(context, counted, isDryRun ? `, ${outdated(counted)} to be encrypted anew` : '')
  }
  return conclude(entry, context, ring, counts)
}

async function rotate(entry: DatabaseEntry, context: Context): Promise<DatabaseAnswer> {
  const ring = await openKeyring(entry, context)
  await using engine = await entry.engine({ command: 'keys' })
  const { columns } = await findEncrypted(engine, ring, entry)
  const { session, database, progress } = engine
  const rotation = { session, dialect: database.dialect, ring, stateSchema: entry.settings.stateSchema, progress }
  if (columns.length > 0) await prepareRotation(rotation)
  const counts: (TokenCount & { readonly rotated: number; readonly resumed: boolean })[] = []
  for (const column of columns) {
    const { count: counted, rotated, resumed } = await rotateColumn(rotation, column)
    counts.push({ ...counted, rotated, resumed })
    render(context, counted, `, ${rotated} encrypted anew${resumed ? ' (an interrupted run was gone on with)' : ''}`)
  }
  const answer = conclude(entry, context, ring, counts)
  return { ...answer, clean: answer.clean !== false && counts.every((one) => outdated(one) === 0) }
}

function conclude(
  { settings }: DatabaseEntry,
  { output }: Context,
  ring: Keyring,
  counts: readonly TokenCount[],
): DatabaseAnswer {
  const unused = retirable(ring, counts)
  if (counts.length === 0) {
    output.line(
      `${settings.name}: ${count(ring.size, 'key')}; no column is declared with encrypted = ["table.column"].`,
    )
  }
  if (unused.length > 0) {
    const which = `${unused.length === 1 ? 'Key' : 'Keys'} ${unused.join(', ')}`
    output.line(
      `${which} of ${ring.size}: nothing in these columns needs ${unused.length === 1 ? 'it' : 'them'}. Once every application has key 1, ${unused.length === 1 ? 'it' : 'they'} may be retired.`,
    )
  }
  return { document: { keys: ring.size, columns: counts, retirable: unused }, clean: counts.every(isReadable) }
}

function render({ output }: Context, counted: TokenCount, end: string): void {
  const { paint } = output
  const { column, byKey, noKey, damaged, notTokens } = counted
  const shares = byKey.map((number, index) => `${number} with key ${index + 1}`)
  const faults = [
    noKey === 0 ? [] : paint.bad(`${noKey} with no key`),
    damaged === 0 ? [] : paint.bad(`${damaged} damaged`),
    notTokens === 0 ? [] : paint.bad(`${notTokens} not encrypted`),
  ].flat()
  output.line(`${column}: ${[...shares, ...faults].join(', ')}${end}`)
}

function refuseMisplaced(input: Input, part: string): void {
  const misplaced = [
    text(input, 'out') !== undefined && part !== 'generate' ? '--out is for metastore keys generate.' : '',
    flag(input, 'dryRun') && part !== 'rotate' ? '--dry-run is for metastore keys rotate.' : '',
  ].find((message) => message !== '')
  if (misplaced === undefined || !parts.some((name) => name === part)) return
  throw new MetastoreError({
    code: 'usage',
    message: misplaced,
    where: `metastore keys ${part}`,
    remedy: 'Leave the option out.',
  })
}

function partUnknown(part: string): MetastoreError {
  const close = nearest(part, parts)
  return new MetastoreError({
    code: 'usage',
    message: `There is nothing called ${JSON.stringify(part)} to be done with keys.`,
    where: 'metastore keys',
    remedy: `${close === undefined ? '' : `Did you mean ${close}? `}Use metastore keys generate, check or rotate.`,
  })
}
