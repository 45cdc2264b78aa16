import { parseArgs } from 'node:util'
import { versions } from '../test/harness/postgres-binaries.ts'
import { type CatalogFigures, catalogRounds, type CatalogRound, installedDump } from './catalog-rounds.ts'
import { describeMachine, thisMachine } from './machine.ts'
import { publish } from './page.ts'
import { startServer } from './server.ts'
import { median, pairedRatio } from './statistics.ts'
import { table } from './table.ts'

// `node scripts/run.mjs bench/catalog.ts` prints what it takes to read the catalog of a thousand tables and to compare it with
// what is expected, beside seven queries written by hand and beside pg_dump. Under a minute. The server is the newest one that
// the installed pg_dump can read.

const { values } = parseArgs({
  options: {
    tables: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '7' },
    /** The server's major version, instead of the newest that the installed pg_dump can read. */
    postgres: { type: 'string' },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})

const dump = await installedDump()
const version =
  versions.findLast((each) =>
    values.postgres === undefined ? each <= (dump ?? each) : String(each) === values.postgres,
  ) ?? 18
const server = await startServer(version)
try {
  const size = { tables: Number(values.tables) }
  const figures = await catalogRounds(server, size, Number(values.rounds), dump !== null && version <= dump)
  const postgres = { version: server.version, settings: server.settings }
  const all = { machine: thisMachine(), postgres, ...figures }
  publish('catalog', all, report(figures), values)
} finally {
  await server.stop()
}

function report({ found, rounds }: CatalogFigures): string {
  const of = (figure: (round: CatalogRound) => number) => rounds.map(figure)
  const queries = of((round) => round.queries)
  const dumps = rounds.flatMap((round) => round.dump ?? [])
  const row = (name: string, figure: (round: CatalogRound) => number) => [
    name,
    median(of(figure)).toFixed(0),
    pairedRatio(of(figure), queries).toFixed(2),
    dumps.length === 0 ? 'not installed' : pairedRatio(of(figure), dumps).toFixed(2),
  ]
  return [
    describeMachine(thisMachine(), server),
    `${found.tables} tables, ${found.columns} columns, ${found.indexes} indexes; rounds: ${rounds.length}.`,
    table(
      ['', 'ms', 'to seven queries', 'to pg_dump'],
      [
        row('seven queries by hand', (round) => round.queries),
        row('introspect', (round) => round.introspect),
        row('introspect and diff', (round) => round.introspect + round.diff),
        row('SQL for all of it', (round) => round.render),
        ...(dumps.length === 0 ? [] : [row('`pg_dump --schema-only`', (round) => round.dump ?? 0)]),
      ],
    ),
  ].join('\n\n')
}
