// Takes a file lock again and again, and writes into a log what it did: `race-for-lock.ts LOCK LOG TIMES`.

import { appendFileSync } from 'node:fs'
import { setImmediate as otherEvents } from 'node:timers/promises'
import { tryFileLock } from '../../src/database/file-lock.ts'

const [lockFile = '', log = '', times = ''] = process.argv.slice(2)
const say = (what: string): void => appendFileSync(log, `${what} ${process.pid}\n`)

for (let taken = 0; taken < Number(times);) {
  const attempt = await tryFileLock(lockFile, { command: `race ${process.pid}` })
  if (!('lock' in attempt)) {
    await otherEvents()
    continue
  }
  taken++
  say('enter')
  process.stdout.write('entered\n')
  for (let beat = 0; beat < 20; beat++) {
    await otherEvents()
    say('beat')
  }
  say('leave')
  attempt.lock.release()
}
