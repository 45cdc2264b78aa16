import { PassThrough } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { ask, askText } from './ask.ts'

function terminal() {
  const [input, output] = [new PassThrough(), new PassThrough()]
  // What makes the reader read keys, as it does on a terminal, and not lines.
  Object.assign(output, { isTTY: true, columns: 80 })
  const interruption = new AbortController()
  return { input, output, interruption, streams: { input, output, signal: interruption.signal } }
}

const interrupted = {
  code: 'canceled',
  message: 'Interrupted at the question. Nothing was changed.',
  remedy: 'Run the same command again, or with --yes to be asked nothing.',
}

describe('a question', () => {
  test.each([
    { answer: 'y', yes: true },
    { answer: ' YES ', yes: true },
    { answer: 'n', yes: false },
    { answer: '', yes: false },
    { answer: 'yesterday', yes: false },
  ])('is answered with $yes by $answer', async ({ answer, yes }) => {
    const { input, output, streams } = terminal()
    const answered = ask('Go on?', streams)
    input.write(`${answer}\n`)
    expect(await answered).toBe(yes)
    expect(String(output.read())).toContain('Go on? [y/N] ')
  })

  test('is answered with no by the end of the input', async () => {
    const { input, streams } = terminal()
    const answered = ask('Go on?', streams)
    input.end()
    expect(await answered).toBe(false)
  })

  test('for a text is not answered by the end of the input', async () => {
    const { input, streams } = terminal()
    const answered = expect(askText('What?', streams)).rejects.toMatchObject({
      code: 'canceled',
      message: 'The input ended at the question. Nothing was changed.',
      remedy: 'Run the same command again.',
    })
    input.end()
    await answered
  })

  test('is taken back by Ctrl-C on the terminal', async () => {
    const { input, streams } = terminal()
    const answered = ask('Go on?', streams)
    input.write('\u0003')
    await expect(answered).rejects.toMatchObject(interrupted)
  })

  test('is taken back by a signal', async () => {
    const { interruption, streams } = terminal()
    const answered = ask('Go on?', streams)
    interruption.abort()
    await expect(answered).rejects.toMatchObject(interrupted)
    await expect(ask('And now?', streams)).rejects.toMatchObject(interrupted)
  })
})
