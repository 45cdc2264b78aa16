import { parseArgs } from 'node:util'
import { auditRounds, type AuditFigures } from './audit-rounds.ts'
import { describeMachine, thisMachine } from './machine.ts'
import type { Usage } from './measure.ts'
import { publish } from './page.ts'
import { median } from './statistics.ts'
import { table } from './table.ts'
import { openWorkshop } from './workshop.ts'

// `node scripts/run.mjs bench/audit.ts` prints what `metastore audit` takes of a database where nothing is wrong, when the
// replay of its migrations is known already; whole processes, beside Node with nothing to do. About two minutes, most of them
// for the replay.

const { values } = parseArgs({
  options: {
    files: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '15' },
    json: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})
await using workshop = await openWorkshop()
const figures = await auditRounds(workshop, Number(values.files), Number(values.rounds))
const { version, settings } = workshop.server
const all = { machine: thisMachine(), postgres: { version, settings }, files: Number(values.files), ...figures }
publish('audit', all, report(figures), values)

function report({ replayed, rounds }: AuditFigures): string {
  const row = (name: string, usages: readonly Usage[]) => [
    name,
    median(usages.map(({ wall }) => wall)).toFixed(0),
    median(usages.map(({ wall }, round) => wall - (rounds.node[round]?.wall ?? 0))).toFixed(0),
  ]
  return [
    describeMachine(thisMachine(), workshop.server),
    `${values.files} migrations; rounds: ${values.rounds}. The first audit, which replayed them, took ${(replayed / 1000).toFixed(1)} s.`,
    table(
      ['', 'wall ms', 'over Node alone'],
      [
        row('`node -e 0`', rounds.node),
        row('`metastore status`', rounds.status),
        row('`metastore audit`', rounds.audit),
      ],
    ),
  ].join('\n\n')
}
