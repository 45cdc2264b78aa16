import { createHash } from 'node:crypto'

/** The namespace (RFC 9562, 5.5) of threads that have a name of their own. */
const namespace = Buffer.from('8f3f0c5e6a8b5d0e9b0c6d0f3a7e2b41', 'hex')

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** The id under which a thread is stored: its own, if that is a UUID, else one that is made of its name (version 5). */
export function threadUuid(threadId: string): string {
  if (uuid.test(threadId)) return threadId.toLowerCase()
  const hash = createHash('sha1').update(namespace).update(threadId).digest()
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** What a thread is called, if not by a UUID in the form in which it is stored. */
export function nameOfThread(threadId: string): string | undefined {
  return threadUuid(threadId) === threadId ? undefined : threadId
}
