import { execFile } from 'node:child_process'
import path from 'node:path'
import { root } from '../harness/example-copy.ts'

/** The programs that read what deploy/ holds in earnest: Helm, and the loader that Docker Compose has. */
export interface DeployTools {
  readonly helm: string
  readonly compose: string
}

/** How a program ended. */
export interface Ended {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

const modules = { helm: 'helm.sh/helm/v3/cmd/helm', compose: 'github.com/compose-spec/compose-go/v2/cmd' }

/**
 * Builds both from their Go modules, once: Go keeps them. Gives the reason instead where they cannot be built, because there is no
 * Go that is new enough, or the modules are neither here nor to be had. A build that fails for any other reason is thrown.
 */
export async function deployTools(program = 'go'): Promise<DeployTools | string> {
  const go = (...words: readonly string[]) => run(program, words, path.join(root, 'test', 'deploy', 'tools'))
  const version = await go('version').catch(() => undefined)
  if (version === undefined || version.status !== 0) return 'there is no Go here'
  const found = /go1\.(\d+)/.exec(version.stdout)
  if (Number(found?.[1] ?? 0) < 24) return `${found?.[0]} is older than go1.24`
  const download = await go('mod', 'download')
  if (download.status !== 0) return `the Go modules cannot be had: ${download.stderr.trim().split('\n').at(-1)}`
  const built = async (module: string) => {
    const { status, stdout, stderr } = await go('tool', '-n', module)
    if (status !== 0) throw new Error(`${module} does not build:\n${stderr}`)
    return stdout.trim()
  }
  return { helm: await built(modules.helm), compose: await built(modules.compose) }
}

/** Runs a program to its end. Throws where there is none of that name. */
export function run(program: string, words: readonly string[], cwd: string): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, GOTOOLCHAIN: 'local', GOFLAGS: '-mod=readonly' }
    execFile(program, words, { cwd, env, maxBuffer: 16 * 1024 * 1024 }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') reject(error)
      else resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr })
    })
  })
}
