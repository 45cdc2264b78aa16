import type { MetastoreError } from '../errors.ts'
import type { Finding } from '../finding.ts'

/** A problem of a file as a finding; what cannot be read or understood stops everything, so it is a P0. */
export function findingOf({ code, message, where, remedy }: MetastoreError): Finding {
  const [, file = where, line, column] = /^(.*):(\d+):(\d+)$/s.exec(where ?? '') ?? []
  const place = line === undefined ? {} : { line: Number(line), column: Number(column) }
  return { code, severity: 'P0', ...(file !== undefined && { file }), ...place, message, remedy }
}
