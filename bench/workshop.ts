import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Contender } from './contender.ts'
import { installMetastore } from './install.ts'
import type { SqlFile } from './migration-set.ts'
import { createProject, type Project } from './project.ts'
import { type Server, startServer } from './server.ts'

/** Where measuring is done: a server, metastore installed, and room for projects. */
export interface Workshop extends AsyncDisposable {
  readonly server: Server
  /** Where metastore is installed. */
  readonly metastore: string
  /** Makes a contender's project for a database. */
  project(contender: Contender, migrations: readonly SqlFile[], url: string): Project
}

/** Opens a workshop in a directory of its own, which is gone when it is closed. */
export async function openWorkshop(): Promise<Workshop> {
  const directory = mkdtempSync(path.join(tmpdir(), 'metastore-bench-'))
  chmodSync(directory, 0o755)
  const metastore = await installMetastore(directory)
  const server = await startServer()
  let count = 0
  return {
    server,
    metastore,
    project: (contender, migrations, url) =>
      createProject({ contender, migrations, url, metastore, directory: path.join(directory, `project-${++count}`) }),
    async [Symbol.asyncDispose]() {
      await server.stop()
      rmSync(directory, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}
