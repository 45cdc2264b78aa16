import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openDatabase, sql } from '../../src/database/database.ts'
import { openStore, type Store, type TenantStore } from '../../src/store/store.ts'
import { explaining } from '../harness/explained-statements.ts'
import { freshSchema } from '../harness/engines.ts'
import { planCases } from './plan-cases.ts'
import { planRows } from './plan-rows.ts'
import { runPlanCases, sweepPlanCases } from './run-plan-cases.ts'
import { anna, bert, rowsOf } from './world.ts'

const repositoryCases = [...planCases, ...runPlanCases]

describe('every statement of the store finds its rows by an index', () => {
  let store: Store
  let tenant: TenantStore
  let take: ReturnType<typeof explaining>['take']
  const open: AsyncDisposable[] = []

  beforeAll(async () => {
    const { url, version } = await freshSchema(18)
    const database = await openDatabase(url)
    const session = await database.session()
    for (const id of [anna, bert]) await session.script(rowsOf(id))
    await session.script(planRows)
    // By itself: it is no part of a transaction. What is counted in an index needs it.
    await session.script('vacuum analyze')
    await session.close()
    const explained = explaining(database)
    take = explained.take
    store = openStore(explained.database, { searchPath: [version, 'public'] })
    tenant = store.tenant(anna)
    open.push(store, database)
  })
  afterAll(async () => {
    for (const one of open) await one[Symbol.asyncDispose]()
  })

  test.each([...repositoryCases, ...sweepPlanCases].map((one) => [one.method, one] as const))(
    '%s',
    async (_, { call, uses, mayScan }) => {
      take()
      // What is wrong with a call shows in other tests; here it has to get as far as its last statement.
      await call(tenant, store)
      const statements = take()
      const scans = statements.filter(({ scanned }) => scanned.some((table) => table !== mayScan))
      expect(scans.map(({ text, scanned }) => `${scanned.join()} is read from end to end by: ${text}`)).toEqual([])
      const used = statements.flatMap(({ indexes }) => indexes)
      const unused = uses.filter((index) => !index.split('|').some((one) => used.includes(one)))
      expect({ unused, used: unused.length === 0 ? [] : used }).toEqual({ unused: [], used: [] })
    },
  )

  // Functions that work with the rights of the owner show nothing of themselves in a plan.
  test.each([
    ['search_chunks', sql`select * from search_chunks('9999', 5)`, 'chunks_search'],
    ['threads_with_metadata', sql`select threads_with_metadata('{"graph_id":"echo"}')`, 'threads_metadata'],
  ])('the function %s', async (_, call, index) => {
    const scans = await tenant.transaction(async (_, tx) => {
      await tx.query(call)
      return tx.query(sql`select pg_stat_get_xact_numscans(${`public.${index}`}::regclass) > 0 as used`)
    })
    expect(scans).toEqual([{ used: true }])
  })

  test('a repository that has one method in the table has all of them there', () => {
    const known = new Set(repositoryCases.map(({ method }) => method.split(':')[0]))
    const repositories = new Set([...known].map((method) => method?.split('.')[0]))
    const owners: Readonly<Record<string, unknown>> = { ...tenant, ...store.admin }
    const methods = Object.entries(owners)
      .filter(([name]) => repositories.has(name))
      .flatMap(([name, value]) => Object.keys(value as object).map((method) => `${name}.${method}`))
    expect(methods.filter((method) => !known.has(method))).toEqual([])
    expect([...repositories].filter((name) => name === undefined || owners[name] === undefined)).toEqual([])
  })
})
