import { MetastoreError } from '../../errors.ts'
import { nearest } from '../../nearest.ts'
import { mostConcurrency, type Fleet } from '../../project/fleets.ts'
import { batchOptions } from '../batch-options.ts'
import { defineCommand } from '../command.ts'
import type { Context, DatabaseEntry } from '../context.ts'
import { databaseEntry } from '../database-entry.ts'
import { allowanceOptions, interruptedOption } from '../destination.ts'
import type { DatabaseAnswer } from '../each-database.ts'
import { exitStatus, type ExitStatus } from '../exit-status.ts'
import { fleetActions, type FleetAction } from '../fleet/actions.ts'
import { memberContext } from '../fleet/member-context.ts'
import { baseOf, findFleet, memberSettings, namesOf } from '../fleet/members.ts'
import { runFleet, type FleetRun, type MemberOutcome } from '../fleet/run-fleet.ts'
import { argument, flag, list, text, type Input } from '../input.ts'
import { addUrl } from '../known-secrets.ts'
import { productionOptions } from '../production.ts'
import { count, duration, table } from '../ui/tables.ts'

/** Does one thing with many databases or schemas that have the same migrations. */
export const fleetCommand = defineCommand({
  name: 'fleet',
  summary: 'Migrate many databases or schemas that have the same migrations: canary first, then several at a time',
  description:
    'The members of a fleet are declared in metastore.toml, by names, a query or a pattern. The canary goes first, member by member; then the others, several at a time. When one fails no other begins, unless --keep-going says so, and what is under way is let finish. Each member has a history of its own: run the same command again to go on, and those that are done are only looked at. A table at the end says what became of each; exit status 1 when one has failed. What each member says is shown with --verbose.',
  examples: [
    ['metastore fleet status', 'show where each member stands'],
    ['metastore fleet migrate', 'bring each member to the newest state, the canary first'],
    ['metastore fleet migrate --canary acme --canary-only', 'only the canary; run again without it for the others'],
    ['metastore fleet migrate --fleet tenants --concurrency 16 --keep-going', 'a large fleet, whatever fails'],
    ['metastore fleet rollback --only acme --yes', 'take back the newest migration of one member'],
  ],
  scope: 'databases',
  arguments: [
    { name: '<action>', description: 'status, migrate, start, complete, abort or rollback' },
    { name: '[destination]', description: 'as for migrate, start or rollback' },
  ],
  options: [
    { flags: '--fleet <name>', description: 'one fleet of metastore.toml (default: the only one)' },
    { flags: '--only <name>', description: 'only this member; may be repeated', repeats: true },
    {
      flags: '--canary <name>',
      description: 'a member that goes first; may be repeated (default: canary)',
      repeats: true,
    },
    { flags: '--canary-only', description: 'stop when the canary is through' },
    { flags: '--concurrency <number>', description: 'how many members are worked on at a time (default: concurrency)' },
    { flags: '--keep-going', description: 'go on with the others when a member fails' },
    { flags: '--check', description: 'with status: exit 3 unless every member is at its newest migration' },
    { flags: '-c, --complete', description: 'with start: complete right after starting' },
    { flags: '--allow-data-loss', description: 'with rollback: go on where data is lost' },
    {
      flags: '--confirm <name>',
      description: 'with --allow-data-loss: the name of a production database',
      repeats: true,
    },
    ...batchOptions,
    ...allowanceOptions,
    interruptedOption,
    ...productionOptions,
  ],
  json: 'fleet, action, members[]: name, canary, outcome (done, failed or not_begun), durationMs, result (what the command of that name says of a database, or null), error (or null)',

  async run(input, context) {
    const action = actionOf(argument(input, 0) ?? '')
    const project = await context.project()
    const fleet = findFleet(project, text(input, 'fleet'))
    const base = await baseOf(fleet, context)
    if (fleet.each === 'schema') await refuseActions(fleet, base)
    const how = await howToRun(fleet, base, input, context, action)
    const files = base.files()
    const work = (name: string) => {
      const own = memberContext(name, input, context)
      const settings = memberSettings(fleet, base.settings, name, project)
      addUrl(context.secrets, settings.url)
      const entry = databaseEntry(
        settings,
        { project, input, member: { files, isSchema: fleet.each === 'schema' } },
        own,
      )
      const attributes = { 'metastore.fleet': fleet.name, 'metastore.member': name }
      return context.telemetry.span('metastore.member', attributes, async ({ fail }) => {
        const answer = await action.run(entry, input, own, argument(input, 1))
        if (answer.failure !== undefined) fail(answer.failure)
        return answer
      })
    }
    const outcomes = await runFleet<DatabaseAnswer>(how, work, (outcome) => tell(outcome, action, context))
    report(outcomes, fleet, argument(input, 0) ?? '', action, context)
    return conclude(outcomes, fleet, how, context)
  },
})

function tell(
  { name, state, answer, failure, durationMs }: MemberOutcome<DatabaseAnswer>,
  action: FleetAction,
  { output }: Context,
): void {
  const { paint } = output
  if (state === 'failed') {
    output.note(`${paint.bad('failed')}  ${name}  ${failure?.message ?? ''}`)
  } else if (action.reads !== true) {
    output.say(
      `${paint.good('done')}    ${name}  ${action.describe(answer?.document ?? {})}  ${paint.faint(duration(durationMs))}`,
    )
  }
}

function report(
  outcomes: readonly MemberOutcome<DatabaseAnswer>[],
  fleet: Fleet,
  name: string,
  action: FleetAction,
  { output }: Context,
): void {
  const { paint } = output
  const states = { done: paint.good('done'), failed: paint.bad('failed'), not_begun: paint.warn('not begun') }
  const rows = outcomes.map((outcome) => [
    outcome.name,
    states[outcome.state],
    outcome.canary ? 'canary' : '',
    outcome.state === 'not_begun' ? '' : duration(outcome.durationMs),
    outcome.failure === undefined
      ? outcome.answer === undefined
        ? ''
        : action.describe(outcome.answer.document)
      : codeOf(outcome.failure),
  ])
  if (action.reads !== true) output.say('')
  table([['member', 'outcome', '', 'time', 'result'].map((head) => paint.strong(head)), ...rows]).forEach((line) =>
    output.line(line),
  )
  output.document({
    fleet: fleet.name,
    action: name,
    members: outcomes.map(({ name: member, canary, state, answer, failure, durationMs }) => ({
      name: member,
      canary,
      outcome: state,
      durationMs,
      result: answer?.document ?? null,
      error: failure === undefined ? null : failureDocument(failure),
    })),
  })
}

function failureDocument(failure: Error) {
  return failure instanceof MetastoreError ? failure.toJSON() : { code: 'bug', message: failure.message }
}

function codeOf(failure: Error): string {
  return failure instanceof MetastoreError ? failure.code : failure.message
}

function conclude(
  outcomes: readonly MemberOutcome<DatabaseAnswer>[],
  fleet: Fleet,
  { canaryOnly, signal }: FleetRun,
  { output }: Context,
): ExitStatus {
  const failed = outcomes.filter(({ state }) => state === 'failed')
  const left = outcomes.filter(({ state }) => state === 'not_begun').length
  if (failed.length > 0 || (left > 0 && signal.aborted)) throw stopped(fleet, outcomes.length, failed, left)
  if (left > 0 && canaryOnly) {
    output.say(
      `The canary is through, and ${count(left, 'member')} not begun: run again without --canary-only to go on.`,
    )
  }
  return outcomes.some(({ answer }) => answer?.clean === false) ? exitStatus.notClean : exitStatus.done
}

async function howToRun(
  fleet: Fleet,
  base: DatabaseEntry,
  input: Input,
  context: Context,
  action: FleetAction,
): Promise<FleetRun> {
  const all = await namesOf(fleet, base)
  const only = list(input, 'only')
  const given = list(input, 'canary')
  const missing = [...only, ...given, ...(fleet.canary ?? [])].find((name) => !all.includes(name))
  if (missing !== undefined) throw memberUnknown(fleet, missing, all)
  const names = only.length === 0 ? all : all.filter((name) => only.includes(name))
  const canary = given.length > 0 ? given : (fleet.canary ?? names.slice(0, 1))
  return {
    names,
    // Who only looks harms nobody.
    canary: action.reads === true ? [] : canary,
    concurrency: concurrencyOf(fleet, input),
    keepGoing: flag(input, 'keepGoing') || action.reads === true,
    canaryOnly: flag(input, 'canaryOnly'),
    signal: context.signal,
  }
}

function concurrencyOf({ concurrency }: Fleet, input: Input): number {
  const given = text(input, 'concurrency')
  if (given === undefined) return concurrency
  const value = /^\d{1,3}$/.test(given) ? Number(given) : 0
  if (value >= 1 && value <= mostConcurrency) return value
  throw new MetastoreError({
    code: 'usage',
    message: `--concurrency must be a number from 1 to ${mostConcurrency}, not ${JSON.stringify(given)}.`,
    where: '--concurrency',
    remedy: `Give a number from 1 to ${mostConcurrency}.`,
  })
}

// The schemas of versions are named after migrations, and would be the same for all members.
async function refuseActions({ name, where }: Fleet, base: DatabaseEntry): Promise<void> {
  const file = (await base.files()).find(({ format }) => format === 'actions')
  if (file === undefined) return
  throw new MetastoreError({
    code: 'not_supported',
    message: `The members of the fleet ${name} are schemas of one database, and ${file.path} is a migration in actions: its version schema would be the same for all of them.`,
    where,
    remedy: 'Write it in SQL, or give each member a database of its own: each = "database".',
  })
}

function actionOf(name: string): FleetAction {
  const action = Object.hasOwn(fleetActions, name) ? fleetActions[name] : undefined
  if (action !== undefined) return action
  const names = Object.keys(fleetActions)
  const meant = nearest(name, names)
  throw new MetastoreError({
    code: 'usage',
    message: `A fleet has no action ${JSON.stringify(name)}.`,
    where: 'metastore fleet',
    remedy: `${meant === undefined ? '' : `Did you mean ${meant}? `}Use one of ${names.join(', ')}.`,
  })
}

function memberUnknown({ name, where }: Fleet, member: string, all: readonly string[]): MetastoreError {
  const meant = nearest(member, all)
  return new MetastoreError({
    code: 'fleet_unknown',
    message: `The fleet ${name} has no member ${JSON.stringify(member)}.`,
    where,
    remedy: `${meant === undefined ? '' : `Did you mean ${meant}? `}metastore fleet status lists its members.`,
  })
}

function stopped(
  fleet: Fleet,
  all: number,
  failed: readonly MemberOutcome<DatabaseAnswer>[],
  left: number,
): MetastoreError {
  const rest = left === 0 ? '' : `, and ${left} ${left === 1 ? 'was' : 'were'} not begun`
  return new MetastoreError({
    code: 'fleet_stopped',
    message: `Of ${count(all, 'member')} of the fleet ${fleet.name} ${failed.length} failed${rest}.`,
    where: fleet.name,
    remedy: 'Mend what is wrong and run the same command again: members that are done are only looked at.',
    details: failed
      .slice(0, 20)
      .flatMap(({ name, failure }) => [
        `${name}: ${failure instanceof MetastoreError ? `[${failure.code}] ` : ''}${failure?.message ?? ''}`,
        ...(failure instanceof MetastoreError ? [`  next: ${failure.remedy}`] : []),
      ]),
  })
}
