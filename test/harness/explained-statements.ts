import {
  type Database,
  type RowsOfEach,
  type Session,
  sql,
  type Sql,
  type Transaction,
} from '../../src/database/database.ts'

/** How PostgreSQL would answer a statement: the indexes that it reads, and the tables that it reads from end to end. */
export interface ExplainedStatement {
  readonly text: string
  readonly indexes: readonly string[]
  readonly scanned: readonly string[]
}

interface Plan {
  readonly 'Node Type': string
  readonly 'Index Name'?: string
  readonly 'Relation Name'?: string
  readonly Plans?: readonly Plan[]
}

/**
 * The same database, of which each statement in a transaction is explained before it runs: as the role that runs it, with its
 * values, under its row-level security. `take` gives those since the last time.
 */
export function explaining(database: Database): { readonly database: Database; take(): ExplainedStatement[] } {
  let taken: ExplainedStatement[] = []
  const explained: Database = {
    dialect: database.dialect,
    features: database.features,
    address: database.address,
    server: database.server,
    session: async (options) => explainedSession(await database.session(options), (statement) => taken.push(statement)),
    tryLock: (holder) => database.tryLock(holder),
    close: () => database.close(),
    [Symbol.asyncDispose]: () => database.close(),
  }
  return {
    database: explained,
    take() {
      const all = taken
      taken = []
      return all
    },
  }
}

function explainedSession(session: Session, note: (statement: ExplainedStatement) => void): Session {
  return {
    get lost() {
      return session.lost
    },
    query: (statement) => session.query(statement),
    together: <Each extends readonly object[]>(statements: readonly Sql[]) =>
      session.transaction((tx) => explainedTransaction(tx, note).together<Each>(statements)),
    execute: (statement) => session.execute(statement),
    script: (text) => session.script(text),
    stream: (statement, options) => session.stream(statement, options),
    load: (target, rows) => session.load(target, rows),
    transaction: (work, options) => session.transaction((tx) => work(explainedTransaction(tx, note)), options),
    close: () => session.close(),
    [Symbol.asyncDispose]: () => session.close(),
  }
}

function explainedTransaction(tx: Transaction, note: (statement: ExplainedStatement) => void): Transaction {
  const explain = async (statement: Sql): Promise<void> => {
    // What makes a transaction a tenant's reads no table.
    if (statement.inline('postgres').startsWith("select set_config('role'")) return
    const [row] = await tx.query<{ 'QUERY PLAN': readonly { Plan: Plan }[] }>(sql`explain (format json) ${statement}`)
    const nodes = row?.['QUERY PLAN'].flatMap(({ Plan }) => nodesOf(Plan)) ?? []
    note({
      text: statement.inline('postgres').replaceAll(/\s+/g, ' ').trim(),
      indexes: nodes.flatMap((node) => node['Index Name'] ?? []),
      scanned: nodes.flatMap((node) => (node['Node Type'] === 'Seq Scan' ? (node['Relation Name'] ?? []) : [])),
    })
  }
  const query: Transaction['query'] = async (statement) => {
    await explain(statement)
    return tx.query(statement)
  }
  return {
    query,
    async together<Each extends readonly object[]>(statements: readonly Sql[]) {
      const results: object[][] = []
      for (const statement of statements) results.push(await query(statement))
      return results as unknown as RowsOfEach<Each>
    },
    async execute(statement) {
      await explain(statement)
      return tx.execute(statement)
    },
    script: (text) => tx.script(text),
    stream: (statement, options) => tx.stream(statement, options),
    load: (target, rows) => tx.load(target, rows),
    beforeCommit: (statement) => tx.beforeCommit(statement),
    async last(statement) {
      await explain(statement)
      return tx.last(statement)
    },
  }
}

function nodesOf(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(nodesOf)]
}
