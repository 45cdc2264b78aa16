import { invalid } from './failures.ts'

/** What bcrypt takes into account of a password, in bytes; the rest would be ignored in silence. */
const longest = 72

/** How much work a hash is: 2 to this power rounds. */
const cost = 10

/** The hash of no password at all, of the same cost. */
const nobody = '$2b$10$CwTycUXWue0Thq9StjUM0uJ4ZkT5pEP1Zt1Z5rY6YxQ4k9GmY2y3a'

/** The hash of a password, for keeping. Throws `request_invalid`. */
export async function hashPassword(password: string): Promise<string> {
  if (password === '') throw invalid('password', 'The password is empty.')
  if (Buffer.byteLength(password) > longest) {
    throw invalid('password', `The password must have at most ${longest} bytes in UTF-8.`)
  }
  return (await import('@node-rs/bcrypt')).hash(password, { cost })
}

/** Whether a hash is of this password; without a hash it takes as long to say no. */
export async function isPassword(password: string, hash: string | undefined): Promise<boolean> {
  const { verify } = await import('@node-rs/bcrypt')
  if (hash === undefined || !/^\$2[abxy]\$/.test(hash)) return (await verify(password, nobody)) && false
  return Buffer.byteLength(password) <= longest && (await verify(password, hash))
}
