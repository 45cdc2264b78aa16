import { createInterface } from 'node:readline/promises'
import { MetastoreError } from '../../errors.ts'

/** Where a question is asked, and what takes it back. */
export interface Terminal {
  readonly input: NodeJS.ReadableStream
  readonly output: NodeJS.WritableStream
  readonly signal: AbortSignal
}

/**
 * Asks a yes-or-no question on the terminal; anything but yes, the end of the input among it, is no. Throws `canceled`.
 */
export async function ask(question: string, terminal: Terminal): Promise<boolean> {
  return /^y(es)?$/i.test(
    (await readLine(`${question} [y/N]`, terminal, 'Run the same command again, or with --yes to be asked nothing.')) ??
      '',
  )
}

/** Asks for a line of text on the terminal. Throws `canceled`, also at the end of the input. */
export async function askText(question: string, terminal: Terminal): Promise<string> {
  const remedy = 'Run the same command again.'
  const line = await readLine(question, terminal, remedy)
  if (line !== undefined) return line
  throw new MetastoreError({
    code: 'canceled',
    message: 'The input ended at the question. Nothing was changed.',
    remedy,
  })
}

// Undefined at the end of the input.
async function readLine(
  question: string,
  { input, output, signal }: Terminal,
  remedy: string,
): Promise<string | undefined> {
  const interruption = new AbortController()
  const terminal = createInterface({ input, output })
  // While it reads, the terminal gives Ctrl-C to us and not to the process.
  terminal.once('SIGINT', () => interruption.abort())
  const ended = new Promise<undefined>((resolve) => terminal.once('close', () => resolve(undefined)))
  try {
    const asked = terminal.question(`${question} `, { signal: AbortSignal.any([signal, interruption.signal]) })
    return (await Promise.race([asked, ended]))?.trim()
  } catch (cause) {
    if (!(cause instanceof Error) || cause.name !== 'AbortError') throw cause
    const message = 'Interrupted at the question. Nothing was changed.'
    throw new MetastoreError({ code: 'canceled', message, remedy, cause })
  } finally {
    terminal.close()
  }
}
