import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createOutput } from '../output.ts'
import { progressDisplay } from './progress.ts'

const wiped = '\r\u001B[2K'

function screen(isTTY = true) {
  const written: string[] = []
  return { isTTY, columns: 100, write: (text: string) => written.push(text), all: () => written.join('') }
}

function display(stream: ReturnType<typeof screen>) {
  const notices: string[] = []
  return { ...progressDisplay(stream, (message) => notices.push(message)), notices }
}

async function wait(milliseconds: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(milliseconds)
  await vi.dynamicImportSettled()
}

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

describe('the progress bar', () => {
  test('appears when a task has gone on for two seconds, and is gone when it ends', async () => {
    const stream = screen()
    const { listen } = display(stream)
    listen({ kind: 'begin', task: 'migrate', total: 4 })
    listen({ kind: 'advance', task: 'migrate', done: 1, label: '002_chats' })
    await wait(1999)
    expect(stream.all()).toBe('')
    await wait(1)
    expect(stream.all()).toMatch(/█+░+ 1\/4 {2}\S+ {2}002_chats/)
    listen({ kind: 'advance', task: 'migrate', done: 2, label: '003_runs' })
    await wait(200)
    expect(stream.all()).toMatch(/2\/4 {2}\S+ {2}003_runs/)
    listen({ kind: 'end', task: 'migrate' })
    expect(stream.all().endsWith('\u001B[1G\u001B[2K')).toBe(true)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('does not appear for a task that is short, nor in a pipe', async () => {
    const [short, pipe] = [screen(), screen(false)]
    for (const stream of [short, pipe]) {
      const { listen } = display(stream)
      listen({ kind: 'begin', task: 'migrate', total: 1 })
      if (stream === short) listen({ kind: 'end', task: 'migrate' })
      await wait(5000)
      expect(stream.all()).toBe('')
    }
    expect(vi.getTimerCount()).toBe(0)
  })

  test('does not appear for a task that ends while the bar is being loaded', async () => {
    const stream = screen()
    const { listen } = display(stream)
    listen({ kind: 'begin', task: 'migrate', total: 1 })
    vi.advanceTimersByTime(2000)
    listen({ kind: 'end', task: 'migrate' })
    await wait(5000)
    expect(stream.all()).toBe('')
  })

  test('counts where nobody knows how many there will be', async () => {
    const stream = screen()
    const { listen } = display(stream)
    listen({ kind: 'begin', task: 'backfill', total: null })
    await wait(2000)
    listen({ kind: 'advance', task: 'backfill', done: 1500, label: 'rows of messages' })
    await wait(200)
    expect(stream.all()).toContain('1500 done  rows of messages')
    listen({ kind: 'end', task: 'backfill' })
  })

  test('says how fast many rows go and how long it will take, by the estimate of the moment', async () => {
    const stream = screen()
    const { listen } = display(stream)
    listen({ kind: 'begin', task: 'backfill', total: 90_000, unit: 'rows' })
    // Of an earlier run, which says nothing of the rate.
    listen({ kind: 'advance', task: 'backfill', done: 50_000, total: 90_000, label: 'public.messages' })
    await wait(2000)
    expect(stream.all()).toMatch(/█+░+ 50,000\/90,000 rows {2}public\.messages/)
    listen({ kind: 'advance', task: 'backfill', done: 60_000, total: 100_000, label: 'public.messages' })
    await wait(200)
    expect(stream.all()).toMatch(/ 60,000\/100,000 rows {2}5,000 rows\/s {2}8 s left {2}public\.messages/)
    listen({ kind: 'end', task: 'backfill' })
  })

  test('is that of the inner task while one goes on, and then that of the outer again', async () => {
    const stream = screen()
    const { listen } = display(stream)
    listen({ kind: 'begin', task: 'start', total: 3 })
    listen({ kind: 'advance', task: 'start', done: 1, label: 'runs' })
    await wait(2000)
    listen({ kind: 'begin', task: 'backfill', total: 10, unit: 'rows' })
    listen({ kind: 'advance', task: 'start', done: 1, label: 'not seen' })
    await wait(2000)
    expect(stream.all()).toContain('0/10 rows')
    expect(stream.all()).not.toContain('not seen')
    listen({ kind: 'end', task: 'backfill' })
    await wait(200)
    expect(stream.all().slice(stream.all().lastIndexOf('0/10 rows'))).toMatch(/1\/3 {2}\S+ {2}not seen/)
    listen({ kind: 'end', task: 'start' })
    expect(vi.getTimerCount()).toBe(0)
  })

  test('is wiped before a line is printed, and leaves the cursor where the lines have moved it', async () => {
    const stream = screen()
    const output = createOutput(
      { stdout: stream, stderr: stream },
      { json: false, quiet: false, verbose: false, colour: false },
    )
    output.progress({ kind: 'begin', task: 'migrate', total: 2 })
    await wait(2000)
    output.line('  applied 001_users')
    output.progress({ kind: 'notice', message: 'half way' })
    output.progress({ kind: 'end', task: 'migrate' })
    expect(stream.all()).toContain(`${wiped}  applied 001_users\n${wiped}`)
    expect(stream.all()).toContain(`${wiped}half way\n`)
    // Saved and restored positions would bring the cursor back above the lines.
    expect(stream.all()).not.toMatch(/\u001B[78]/)
    // A process that is ended at once could not show a hidden cursor again.
    expect(stream.all()).not.toContain('\u001B[?25l')
  })

  test('is not shown with --quiet or --json', async () => {
    for (const options of [
      { json: true, quiet: false },
      { json: false, quiet: true },
    ]) {
      const stream = screen()
      const output = createOutput({ stdout: stream, stderr: stream }, { ...options, verbose: false, colour: false })
      output.progress({ kind: 'begin', task: 'migrate', total: 2 })
      output.progress({ kind: 'notice', message: 'half way' })
      await wait(5000)
      expect(stream.all()).toBe('')
    }
  })
})

test('a notice is passed on, on a terminal and in a pipe', () => {
  for (const stream of [screen(), screen(false)]) {
    const { listen, notices } = display(stream)
    listen({ kind: 'notice', message: 'Waiting for process 7, which is migrating.' })
    expect(notices).toEqual(['Waiting for process 7, which is migrating.'])
  }
})
