import { MetastoreError } from '../../errors.ts'

/** Refuses whoever does not prove who they are. What they sent is never repeated. */
export function unauthenticated(message: string): MetastoreError {
  return new MetastoreError({
    code: 'unauthenticated',
    message,
    remedy: 'Send a key that holds as x-api-key, or a token as Authorization: Bearer.',
  })
}
