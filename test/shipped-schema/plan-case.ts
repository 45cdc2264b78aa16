import type { Store, TenantStore } from '../../src/store/store.ts'

/** A call of a repository, and the indexes by which its statements must find their rows. */
export interface PlanCase {
  /** `repository.method`; behind a colon, which of several ways to call it. */
  readonly method: string
  readonly call: (tenant: TenantStore, store: Store) => Promise<unknown>
  /** An index, or several with `|` between them where one is as good as another. */
  readonly uses: readonly string[]
  /** A table that may be read from end to end: to find a whole batch of its rows, the planner does so while it is small. */
  readonly mayScan?: string
}

/** Makes a call that is refused: it has gone through its statements all the same. */
export const refused = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => {
      throw new Error('It should have been refused.')
    },
    () => undefined,
  )

/** Behind the last of the first two rows. */
export async function second<Row>(
  list: (page: {
    limit: number
    after?: string | undefined
  }) => Promise<{ next: string | undefined; rows: readonly Row[] }>,
) {
  const { next } = await list({ limit: 2 })
  return list({ limit: 2, after: next })
}

/** A case: what it calls, and the index, or indexes, that it needs. */
export const one = (method: string, uses: string | readonly string[], call: PlanCase['call']): PlanCase => ({
  method,
  call,
  uses: typeof uses === 'string' ? [uses] : uses,
})
