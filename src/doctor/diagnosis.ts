import type { Database, Session } from '../database/database.ts'
import type { Bookkeeping, MigrationFile } from '../migrations/migrations.ts'
import type { KeySource } from '../secrets/key-source.ts'

/** What one check found. */
export interface Diagnosis {
  readonly check: string
  /** `problem` keeps migrations from working; `warning` may; `ok` is as it should be. */
  readonly severity: 'ok' | 'warning' | 'problem'
  readonly message: string
  /** What to do; null when nothing is to be done. */
  readonly remedy: string | null
}

/** The database that is looked at, and what is known of it. */
export interface Patient {
  readonly database: Database
  /** Its URL without the password. */
  readonly address: string
  readonly session: Session
  readonly bookkeeping: Bookkeeping
  readonly files: readonly MigrationFile[]
  /** The directory that holds an embedded database; null for a server and for one in memory. */
  readonly directory: string | null
  /** Where the keys for encryption come from; undefined where none is given. */
  readonly keySource: KeySource | undefined
  /** Whether columns are declared that need them. */
  readonly hasEncryptedColumns: boolean
}

/** One thing that doctor looks at; it reads and never writes. */
export interface DoctorCheck {
  readonly name: string
  run(patient: Patient): Promise<Diagnosis[]>
}

/** A diagnosis that needs no remedy. */
export function healthy(check: string, message: string): Diagnosis {
  return { check, severity: 'ok', message, remedy: null }
}
