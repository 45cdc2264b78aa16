import { parseArgs } from 'node:util'
import { eightMigrations } from './eight-migrations.ts'
import { liveActions } from './live-actions.ts'
import { feel, type Felt, makeTemplates } from './live-phases.ts'
import { openLiveProject } from './live-project.ts'
import { type ActionFelt, liveReport } from './live-report.ts'
import { thisMachine } from './machine.ts'
import { publish } from './page.ts'
import { startServer } from './server.ts'
import { writeCosts } from './write-cost.ts'

// `node scripts/run.mjs bench/live.ts` prints what eight writers and a reader feel in each phase of each action, beside the
// same load alone and beside the plain statement; what a row costs that both versions write; and how long eight small
// migrations take. About five minutes; `--rows` and `--rounds` make it longer, `--only add_column` shorter.

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '50000' },
    rounds: { type: 'string', default: '1' },
    /** Actions whose name begins so. */
    only: { type: 'string', multiple: true },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})
const [rows, rounds] = [Number(values.rows), Number(values.rounds)]
const chosen = liveActions.filter(({ name }) => values.only?.some((one) => name.startsWith(one)) ?? true)

using project = await openLiveProject()
const server = await startServer()
try {
  const templates = await makeTemplates(server, project, rows)
  const actions: ActionFelt[] = []
  for (const action of chosen) {
    process.stderr.write(`${action.name}…\n`)
    const felt: Felt[] = []
    for (let round = 0; round < rounds; round += 1) felt.push(await feel(server, project, templates, action))
    actions.push({ name: action.name, rounds: felt })
  }
  process.stderr.write('what a written row costs…\n')
  const costs = await writeCosts(server, Math.max(3, rounds))
  process.stderr.write('eight migrations…\n')
  const commands = await eightMigrations(server, Math.max(3, rounds))
  const { version, settings } = server
  const figures = { machine: thisMachine(), postgres: { version, settings }, rows, rounds, actions, costs, commands }
  publish('live', figures, liveReport(figures), values)
} finally {
  await server.stop()
}
