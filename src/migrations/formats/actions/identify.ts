import type { Identify } from '../identity.ts'
import { contentChecksum } from './canonical.ts'
import { isTable, type Table } from './document.ts'

/**
 * The name that a file of actions gives itself, and the checksum of what it says. A text that cannot be understood has
 * neither: then the file is known by its own name and its text, and the reader of the format says what is wrong.
 */
export const identifyActions: Identify = async (text, extension) => {
  const data = await parse(text, extension)
  const checksum = data && contentChecksum(data)
  if (data === undefined || checksum === undefined) return undefined
  const { name } = data
  const isName = typeof name === 'string' && name !== '' && !/\0|\p{Surrogate}/u.test(name)
  return { checksum, ...(isName && { name }) }
}

async function parse(text: string, extension: string): Promise<Table | undefined> {
  try {
    if (extension.toLowerCase() === '.json') {
      const data: unknown = JSON.parse(text)
      return isTable(data) ? data : undefined
    }
    const { parseToml } = await import('./toml-document.ts')
    return parseToml(text)
  } catch {
    return undefined
  }
}
