import { isPassing } from './run-error.ts'

/** How often something is tried that the database may do a moment later, and milliseconds before the second time. */
const tries = { most: 6, first: 50 }

/** Does what must not fail because the database was away for a moment, again and with growing pauses. */
export async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work()
    } catch (error) {
      if (attempt >= tries.most || !isPassing(error)) throw error
      await new Promise((resolve) => setTimeout(resolve, tries.first * 2 ** attempt))
    }
  }
}
