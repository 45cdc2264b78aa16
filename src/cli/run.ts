import { MetastoreError } from '../errors.ts'
import { knownSecrets } from '../secrets/redaction.ts'
import { hasOwnFormat, type CommandDefinition } from './command.ts'
import { flag, text, type Input } from './input.ts'
import type { Surroundings } from './context.ts'
import { createContext } from './create-context.ts'
import { exitStatus, statusOf, type ExitStatus } from './exit-status.ts'
import { addSurroundings } from './known-secrets.ts'
import { loadTelemetry } from '../telemetry/open-telemetry.ts'
import type { Span } from '../telemetry/telemetry.ts'
import { createOutput, redacting, type OutputOptions, type Streams } from './output.ts'
import { nameCommand, parseCommandLine } from './parse.ts'

/** Runs one command line and returns the exit status; everything it touches is given to it. */
export async function runCommandLine(
  words: readonly string[],
  plainStreams: Streams,
  surroundings: Surroundings,
): Promise<ExitStatus> {
  const secrets = knownSecrets()
  addSurroundings(secrets, words, surroundings.environment)
  const streams = redacting(plainStreams, secrets)
  const invocation = await understand(words, surroundings).catch((error: unknown) => ({
    kind: 'refused' as const,
    error,
  }))
  if (invocation.kind === 'print') {
    streams.stdout.write(invocation.text)
    return exitStatus.done
  }
  if (invocation.kind === 'refused') return refuse(words, streams, surroundings, invocation.error)

  const { command, input, json, forms } = invocation
  const output = createOutput(streams, { ...outputOptions(input, json, surroundings), ...forms, command: command.name })
  const telemetry = await loadTelemetry()
  const execute = async ({ set, fail }: Span): Promise<ExitStatus> => {
    const ended = await attempt(async () =>
      command.run(input, createContext(input, output, { ...surroundings, secrets, telemetry }, command.scope)),
    )
    if ('error' in ended) {
      output.failure(ended.error)
      fail(ended.error)
    }
    const status = 'error' in ended ? statusOf(ended.error) : ended.status
    set({ 'metastore.exit_status': status })
    return status
  }
  const carrier = traceIn(surroundings.environment)
  const status = await telemetry.span(`metastore ${command.name}`, {}, execute, { carrier })
  output.finish(command.name, status === exitStatus.done)
  await telemetry.flush()
  return status
}

// A pipeline tells its steps of its trace as it would tell a server, by variables instead of headers: TRACEPARENT.
function traceIn(environment: Surroundings['environment']): (name: string) => string | undefined {
  return (name) => environment[name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')]
}

async function attempt(
  work: () => Promise<ExitStatus>,
): Promise<{ readonly status: ExitStatus } | { readonly error: unknown }> {
  try {
    return { status: await work() }
  } catch (error) {
    return { error }
  }
}

async function understand(words: readonly string[], surroundings: Surroundings) {
  const invocation = await parseCommandLine(words)
  if (invocation.kind === 'print') return invocation
  return { ...invocation, json: asksForJson(invocation), forms: formsOf(invocation.input, surroundings) }
}

function asksForJson({ command, input }: { command: CommandDefinition; input: Input }): boolean {
  const format = hasOwnFormat(command) ? undefined : text(input, 'format')
  if (format === 'json') return true
  const formats = ['human', ...(command.formats ?? []), 'json']
  if (format === undefined || formats.includes(format)) return flag(input, 'json')
  throw new MetastoreError({
    code: 'usage',
    message: `--format cannot be ${JSON.stringify(format)}.`,
    where: `metastore ${command.name}`,
    remedy: `Use one of ${formats.join(', ')}.`,
  })
}

function refuse(words: readonly string[], streams: Streams, surroundings: Surroundings, error: unknown): ExitStatus {
  // The words could not be parsed; how to say so is looked for among them nevertheless.
  const has = (option: string) => words.includes(option)
  const colour = !has('--no-color') && mayColour(surroundings)
  const json = has('--json') || /(?:^| )--format[= ]json(?: |$)/.test(words.join(' '))
  const asked =
    /(?:^| )--log-format[= ](\S+)/.exec(words.join(' '))?.[1] ?? surroundings.environment['METASTORE_LOG_FORMAT']
  const log = asked === 'json' ? 'json' : 'text'
  const command = nameCommand(words)
  const output = createOutput(streams, { json, quiet: false, verbose: has('--verbose'), colour, log, command })
  output.failure(error)
  output.finish(command, false)
  return statusOf(error)
}

function outputOptions(input: Input, json: boolean, surroundings: Surroundings) {
  return {
    json,
    quiet: flag(input, 'quiet'),
    verbose: flag(input, 'verbose'),
    colour: input.options['color'] !== false && mayColour(surroundings),
  }
}

// For a container both are better said once, by its environment.
function formsOf(input: Input, { environment }: Surroundings): Pick<OutputOptions, 'progress' | 'log'> {
  return {
    progress: formOf('--progress', text(input, 'progress') ?? environment['METASTORE_PROGRESS'], [
      'auto',
      'json',
      'none',
    ]),
    log: formOf('--log-format', text(input, 'logFormat') ?? environment['METASTORE_LOG_FORMAT'], ['text', 'json']),
  }
}

function formOf<Form extends string>(
  option: string,
  given: string | undefined,
  forms: readonly [Form, ...Form[]],
): Form {
  if (given === undefined || given === '') return forms[0]
  const form = forms.find((each) => each === given)
  if (form !== undefined) return form
  throw new MetastoreError({
    code: 'usage',
    message: `${option} cannot be ${JSON.stringify(given)}.`,
    where: option,
    remedy: `Use one of ${forms.join(', ')}.`,
  })
}

// https://no-color.org: set and not empty means no colour.
function mayColour({ environment }: Surroundings): boolean {
  return !environment['NO_COLOR'] && environment['TERM'] !== 'dumb'
}
