import { MetastoreError } from '../errors.ts'

/** What is wrong with a URL. Neither text may hold anything of it that could be a password. */
export function invalidUrl(message: string, remedy: string): MetastoreError {
  return new MetastoreError({ code: 'url_invalid', message, where: 'database URL', remedy })
}
