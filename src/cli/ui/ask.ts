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
  return /^y(es)?$/i.test(await askText(`${question} [y/N]`, terminal))
}

/** Asks for a line of text on the terminal; the end of the input is an empty one. Throws `canceled`. */
export async function askText(question: string, { input, output, signal }: Terminal): Promise<string> {
  const interruption = new AbortController()
  const terminal = createInterface({ input, output })
  // While it reads, the terminal gives Ctrl-C to us and not to the process.
  terminal.once('SIGINT', () => interruption.abort())
  const ended = new Promise<string>((resolve) => terminal.once('close', () => resolve('')))
  try {
    const asked = terminal.question(`${question} `, { signal: AbortSignal.any([signal, interruption.signal]) })
    return (await Promise.race([asked, ended])).trim()
  } catch (cause) {
    if (!(cause instanceof Error) || cause.name !== 'AbortError') throw cause
    throw new MetastoreError({
      code: 'canceled',
      message: 'Interrupted at the question. Nothing was changed.',
      remedy: 'Run the same command again, or with --yes to be asked nothing.',
      cause,
    })
  } finally {
    terminal.close()
  }
}
