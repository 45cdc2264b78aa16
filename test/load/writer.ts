import { Client } from 'pg'
import type { Meter } from './meter.ts'

/** A row as its writer knows it, in the words of the first version. */
export interface Run {
  readonly id: string
  readonly slot: number
  readonly agent: string
  readonly cents: number
  readonly project: number
  /** What only the version of the writer has: the label of the first one, the vendor of the second. */
  readonly own: string
  readonly notes: number
}

/** The statements of one version of the application, by name; parameters stand in the same order in all versions. */
export interface Dialect {
  /** (owner, slot, agent, cents, own, project) */
  readonly insert: string
  /** (id, cents) */
  readonly price: string
  /** (id, own) */
  readonly own: string
  /** (id, agent) */
  readonly agent: string
  /** (id) */
  readonly hit: string
  /** (id), of all columns by *. */
  readonly read: string
  readonly remove: string
  /** (run, body) */
  readonly note: string
  /** What the version shows of a row. */
  row(run: Run): Readonly<Record<string, unknown>>
}

/** One connection of an application that writes at full speed until it is stopped. */
export interface Writer {
  readonly owner: number
  /** Its rows as it left them. */
  readonly rows: ReadonlyMap<string, Run>
  /** How often it has counted up one of the rows that all share. */
  readonly hits: () => number
  /** Ends after the statement, or the transaction, that runs. */
  stop(): Promise<void>
}

/** How a writer is set up. */
export interface WriterOptions {
  readonly url: string
  readonly schema: string
  readonly owner: number
  readonly dialect: Dialect
  readonly meter: Meter
  /** The ids of the rows that all writers share. */
  readonly shared: readonly string[]
  readonly projects: number
  /** From 0 to 1, from a seed. */
  readonly random: () => number
}

/** Connects, with the version's schema as its search path, and begins to write. */
export async function startWriter(options: WriterOptions): Promise<Writer> {
  const { url, schema, owner, meter } = options
  const client = new Client({ connectionString: url, options: `-c search_path=${schema} -c statement_timeout=60000` })
  await client.connect()
  const rows = new Map<string, Run>()
  let hits = 0
  let stopped = false
  const work = async () => {
    const run = statements(options, client)
    for (let turn = 0; !stopped; turn += 1) if (await oneTurn(options, run, rows, turn)) hits += 1
  }
  const working = work()
  const stop = async () => {
    stopped = true
    try {
      await working
    } finally {
      await client.end()
    }
  }
  working.catch((error: unknown) => meter.fail(`${schema}/${owner}`, 'writer', String(error)))
  return { owner, rows, hits: () => hits, stop }
}

type Statement = Exclude<keyof Dialect, 'row'>
type Run_ = (name: Statement | 'begin' | 'commit' | 'rollback', values?: unknown[]) => Promise<Answer | undefined>
interface Answer {
  readonly rows: readonly Readonly<Record<string, unknown>>[]
  readonly rowCount: number | null
}

function statements({ dialect, meter, schema, owner }: WriterOptions, client: Client): Run_ {
  return (name, values = []) => {
    const text = name === 'begin' || name === 'commit' || name === 'rollback' ? name : dialect[name]
    return meter.statement(`${schema}/${owner}`, name, () =>
      client.query<Record<string, unknown>>({ name, text, values }),
    )
  }
}

// True when a shared row was counted up.
async function oneTurn(options: WriterOptions, run: Run_, rows: Map<string, Run>, turn: number): Promise<boolean> {
  const { random, shared } = options
  const own = [...rows.values()]
  const dice = own.length < 20 ? 0 : random()
  const row = own[Math.floor(random() * own.length)]
  if (row === undefined || dice < 0.2) {
    await insert(options, run, rows, turn)
    return false
  }
  if (dice < 0.3) {
    if (await changed(options, run('remove', [row.id]), 'remove')) rows.delete(row.id)
    return false
  }
  if (dice < 0.45) {
    const some = shared[Math.floor(random() * shared.length)]
    return changed(options, run('hit', [some]), 'hit')
  }
  if (dice < 0.5) {
    await changed(options, run('price', [shared[Math.floor(random() * shared.length)], turn]), 'price')
    return false
  }
  await changeOwn(options, run, rows, { row, dice, turn })
  return false
}

async function changeOwn(
  options: WriterOptions,
  run: Run_,
  rows: Map<string, Run>,
  { row, dice, turn }: { row: Run; dice: number; turn: number },
): Promise<void> {
  const change = async (name: Statement, value: unknown, after: Partial<Run>) => {
    if (await changed(options, run(name, [row.id, value]), name)) rows.set(row.id, { ...row, ...after })
  }
  if (dice < 0.6) return change('price', turn % 100_000, { cents: turn % 100_000 })
  if (dice < 0.7) return change('own', `own ${turn}`, { own: `own ${turn}` })
  if (dice < 0.8) return change('agent', `vendor${turn % 7}/a${turn}`, { agent: `vendor${turn % 7}/a${turn}` })
  const answer = await run('read', [row.id])
  if (answer === undefined) return
  const expected = { id: row.id, slot: row.slot, agent: row.agent, ...options.dialect.row(row) }
  const found = answer.rows[0] ?? {}
  for (const [name, value] of Object.entries(expected)) {
    if (found[name] === value) continue
    options.meter.fail(writerName(options), 'read', `${name} is ${String(found[name])} instead of ${String(value)}`)
  }
}

async function insert(options: WriterOptions, run: Run_, rows: Map<string, Run>, turn: number): Promise<void> {
  const { owner, random, projects } = options
  const agent = `vendor${turn % 7}/a${turn}`
  const project = 1 + Math.floor(random() * projects)
  const cents = turn % 10_000
  const values = [owner, turn, agent, cents, `own ${turn}`, project]
  const withNotes = random() < 0.5
  if (withNotes && (await run('begin')) === undefined) return
  const answer = await run('insert', values)
  const id = answer?.rows[0]?.['id']
  const noted = withNotes && typeof id === 'string' ? await run('note', [id, `note of ${id}`]) : undefined
  // Of what failed nothing is to be left, and the connection is to be usable.
  const ended = withNotes ? await run(noted === undefined ? 'rollback' : 'commit') : answer
  if (typeof id !== 'string' || ended === undefined || (withNotes && noted === undefined)) return
  rows.set(id, { id, slot: turn, agent, cents, project, own: `own ${turn}`, notes: withNotes ? 1 : 0 })
}

async function changed(options: WriterOptions, answer: Promise<Answer | undefined>, name: string): Promise<boolean> {
  const done = await answer
  if (done === undefined) return false
  if (done.rowCount === 1) return true
  options.meter.fail(writerName(options), name, `${done.rowCount} rows changed instead of 1`)
  return false
}

function writerName({ schema, owner }: WriterOptions): string {
  return `${schema}/${owner}`
}
