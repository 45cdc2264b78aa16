import { MetastoreError } from '../errors.ts'
import type { Severity } from '../finding.ts'
import { text, type Input } from './input.ts'

/** The mildest severity that makes the exit status 3, by --fail-on. Throws `usage`. */
export function failOn(input: Input): Severity {
  const given = text(input, 'failOn') ?? 'P1'
  if (given === 'P0' || given === 'P1' || given === 'P2') return given
  throw new MetastoreError({
    code: 'usage',
    message: `--fail-on cannot be ${JSON.stringify(given)}.`,
    remedy: 'Use P0, P1 or P2.',
  })
}
