import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { startProgram } from './child.ts'
import { removeOrphan, startPostgres } from './postgres-server.ts'

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('a server whose run was killed is ended by the next one, and its directory removed', async () => {
  const child = startProgram('test/harness/start-server.ts', [])
  await child.says('}\n')
  child.process.kill('SIGKILL')
  const { pid, directory } = JSON.parse((await child.ended).stdout) as { pid: number; directory: string }
  expect(isRunning(pid)).toBe(true)
  removeOrphan(directory)
  await expect.poll(() => isRunning(pid)).toBe(false)
  await expect.poll(() => existsSync(directory)).toBe(false)
})

test('a server of a run that goes on is left alone', async () => {
  const server = await startPostgres(18)
  removeOrphan(server.directory)
  expect(isRunning(server.pid)).toBe(true)
  expect(existsSync(server.directory)).toBe(true)
  await server.stop()
  expect(existsSync(server.directory)).toBe(false)
})
