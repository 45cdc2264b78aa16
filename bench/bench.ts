import { parseArgs } from 'node:util'
import { contenders } from './contenders.ts'
import { installContenders } from './install.ts'
import { publish } from './page.ts'
import { report } from './report.ts'
import { runBenchmark } from './run.ts'

// `npm run bench` prints the tables; `npm run bench -- --write` puts them into docs/benchmarks.md as well.

const { values } = parseArgs({
  options: {
    /** Contenders to measure, by name; all when it is not given. */
    only: { type: 'string', multiple: true },
    files: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '15' },
    'apply-rounds': { type: 'string', default: '9' },
    races: { type: 'string', default: '10' },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})

const chosen = contenders.filter(({ name }) => values.only === undefined || values.only.includes(name))
const unknown = values.only?.filter((name) => !contenders.some((contender) => contender.name === name)) ?? []
if (unknown.length > 0) {
  throw new Error(`There is no contender ${unknown.join(', ')}: ${contenders.map(({ name }) => name).join(', ')}.`)
}

await installContenders()
const figures = await runBenchmark(
  chosen,
  {
    files: Number(values.files),
    noOpRounds: Number(values.rounds),
    applyRounds: Number(values['apply-rounds']),
    startupRounds: Number(values.rounds) * 2,
    races: Number(values.races),
  },
  (message) => process.stderr.write(`${message}…\n`),
)
publish('processes', figures, report(figures), values)
