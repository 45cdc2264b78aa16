import { violates } from './failures.ts'

/** Says what it means to whoever asked, when the database refuses by one of these constraints. */
export async function explaining<T>(
  refusals: Readonly<Record<string, () => Error>>,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const found = Object.entries(refusals).find(([constraint]) => violates(error, constraint))
    throw found === undefined ? error : found[1]()
  }
}
