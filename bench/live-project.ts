import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { installMetastore } from './install.ts'
import { plainEnvironment } from './project.ts'

/** metastore as people have it, and a directory of files for it to run. */
export interface LiveProject extends Disposable {
  /** Replaces all files by some others: names, and their actions. */
  write(files: Readonly<Record<string, readonly object[]>>): void
  /** Runs a command on a database to its end, in a process of its own, so that the load is not disturbed by this one. */
  run(url: string, ...words: string[]): Promise<void>
}

/** Installs metastore in a directory that is gone when the project is disposed of. */
export async function openLiveProject(): Promise<LiveProject> {
  const directory = mkdtempSync(path.join(tmpdir(), 'metastore-live-'))
  const program = path.join(await installMetastore(directory), 'bin', 'metastore')
  const project = path.join(directory, 'project')
  const migrations = path.join(project, 'migrations')
  mkdirSync(migrations, { recursive: true })
  writeFileSync(path.join(project, 'metastore.toml'), '[database.app]\nurl = "${DATABASE_URL}"\n')
  return {
    write(files) {
      rmSync(migrations, { recursive: true })
      mkdirSync(migrations)
      for (const [name, actions] of Object.entries(files)) {
        writeFileSync(path.join(migrations, `${name}.json`), JSON.stringify({ actions }))
      }
    },
    run: (url, ...words) => runToEnd([program, ...words], project, plainEnvironment(url)),
    [Symbol.dispose]: () => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }),
  }
}

function runToEnd(command: readonly string[], cwd: string, env: Record<string, string>): Promise<void> {
  const child = spawn(process.execPath, command, { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (status) => {
      if (status === 0) resolve()
      else reject(new Error(`metastore ${command.slice(1).join(' ')} ended with ${status}:\n${said}`))
    })
  })
}
