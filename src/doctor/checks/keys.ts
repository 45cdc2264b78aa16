import { MetastoreError } from '../../errors.ts'
import { isReadableByOthers, readKeyText } from '../../secrets/key-source.ts'
import { parseKeyring } from '../../secrets/keyring.ts'
import { healthy, type Diagnosis, type DoctorCheck } from '../diagnosis.ts'

/** The keys for encryption are well-formed, and nobody else can read their file. */
export const keysCheck: DoctorCheck = {
  name: 'keys',
  async run({ keySource, hasEncryptedColumns }) {
    if (keySource === undefined) return hasEncryptedColumns ? [missing] : []
    try {
      const { text, where } = await readKeyText(keySource)
      const { size } = parseKeyring(text, where)
      const found = size === 1 ? '1 key' : `${size} keys, the first of which encrypts`
      return [healthy('keys', `${where} holds ${found}.`), ...(await permissions(keySource))]
    } catch (error) {
      if (!(error instanceof MetastoreError)) throw error
      const { message, where, remedy } = error
      return [{ check: 'keys', severity: 'problem', message: `${where}: ${message}`, remedy }]
    }
  },
}

const missing: Diagnosis = {
  check: 'keys',
  severity: 'problem',
  message: 'Columns are declared as encrypted, and there is no key.',
  remedy:
    'Make a key with metastore keys generate, and give it in FERNET_KEY, or name its place with keys_file or keys_command.',
}

async function permissions(source: NonNullable<Parameters<DoctorCheck['run']>[0]['keySource']>): Promise<Diagnosis[]> {
  if (source.from !== 'file' || !(await isReadableByOthers(source.path))) return []
  return [
    {
      check: 'keys',
      severity: 'warning',
      message: `Others than its owner can read or write the file of keys, ${source.shown}.`,
      remedy: `chmod 600 ${source.shown}`,
    },
  ]
}
