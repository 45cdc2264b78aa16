import { MetastoreError, type FailureKind } from '../errors.ts'

/** The exit status of every command. */
export const exitStatus = {
  /** Done, or clean. */
  done: 0,
  /** Something failed. */
  failed: 1,
  /** Wrong usage, configuration or file. */
  wrongInput: 2,
  /** The state does not allow it, or the answer is "not clean". */
  notClean: 3,
  /** Another process holds the lock. */
  locked: 4,
} as const

/** One of the five exit statuses. */
export type ExitStatus = (typeof exitStatus)[keyof typeof exitStatus]

/** The exit status of each kind of failure. */
export const statusOfKind: Readonly<Record<FailureKind, ExitStatus>> = {
  input: exitStatus.wrongInput,
  state: exitStatus.notClean,
  locked: exitStatus.locked,
  failed: exitStatus.failed,
}

/** The exit status that something thrown leads to. */
export function statusOf(error: unknown): ExitStatus {
  return error instanceof MetastoreError ? statusOfKind[error.kind] : exitStatus.failed
}
