import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseCommandLine } from '../../src/cli/parse.ts'
import { freshPostgresUrl, freshSchema } from '../harness/engines.ts'
import { plainEnvironment, root } from '../harness/example-copy.ts'
import { runCommand } from '../harness/shell-command.ts'
import { temporaryDirectory } from '../harness/temporary-directory.ts'
import { containersOf, podOf, readObjects } from './kubernetes-objects.ts'

const read = (name: string) => readFileSync(path.join(root, name), 'utf8')
const dockerfile = read('deploy/docker/Dockerfile')
const instructions = dockerfile
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line !== '')
const stages = instructions.reduce<string[][]>((all, line) => {
  if (line.startsWith('FROM ')) all.push([])
  all.at(-1)?.push(line)
  return all
}, [])
const last = stages.at(-1) ?? []
const argumentsOf = (lines: readonly string[], name: string) =>
  lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1))

/** What the last stage copies: from where, and to where. */
const copies = argumentsOf(last, 'COPY').map((line) => {
  const words = line.split(' ')
  const stage = words[0]?.startsWith('--from=') ? words.shift()?.slice('--from='.length) : undefined
  const target = words.pop() ?? ''
  return { stage, sources: words, target }
})

describe('the Dockerfile', () => {
  test('makes the image in stages of one base, whose version is said', () => {
    expect(instructions[0]).toMatch(/^ARG NODE_IMAGE=node:\d+\.\d+\.\d+-bookworm-slim$/)
    expect(stages.map(([from]) => from)).toEqual([
      'FROM ${NODE_IMAGE} AS build',
      'FROM ${NODE_IMAGE} AS libraries',
      'FROM ${NODE_IMAGE}',
    ])
  })

  test('ends with one entry point, as a user who is not root and owns nothing', () => {
    expect(argumentsOf(last, 'USER')).toEqual(['1000:1000'])
    expect(argumentsOf(last, 'ENTRYPOINT')).toEqual(['["metastore"]'])
    expect(argumentsOf(last, 'EXPOSE')).toEqual(['2024'])
    expect(dockerfile).not.toContain('--chown')
    // The last stage runs nothing, so that it is what was copied and nothing else.
    expect(argumentsOf(last, 'RUN')).toEqual([])
  })

  test('copies only what is there and what the ignore file lets through', () => {
    const ignored = readFileSync(path.join(root, 'deploy', 'docker', 'Dockerfile.dockerignore'), 'utf8')
    const allowed = [...ignored.matchAll(/^!(.*)$/gm)].map(([, name]) => name ?? '')
    expect(ignored.split('\n')).toContain('*')
    const local = stages.flatMap((stage) =>
      argumentsOf(stage, 'COPY')
        .filter((line) => !line.startsWith('--from='))
        .flatMap((line) => line.split(' ').slice(0, -1)),
    )
    expect(new Set(local)).toEqual(new Set(allowed))
    for (const name of local) expect([name, existsSync(path.join(root, name))]).toEqual([name, true])
  })

  test('copies from the other stages what they make', () => {
    expect(copies.filter(({ stage }) => stage !== undefined)).toEqual([
      { stage: 'libraries', sources: ['/build/node_modules'], target: '/opt/metastore/node_modules' },
      { stage: 'build', sources: ['/build/dist'], target: '/opt/metastore/dist' },
    ])
  })
})

const check = (...words: readonly string[]) =>
  new Promise<{ status: number; stderr: string }>((resolve) => {
    const script = path.join(root, 'deploy', 'docker', 'healthcheck.mjs')
    execFile(process.execPath, [script, ...words], (error, _stdout, stderr) =>
      resolve({ status: Number(error?.code ?? 0), stderr }),
    )
  })

describe('what the image holds', () => {
  const image = temporaryDirectory()
  const workdir = path.join(image, argumentsOf(last, 'WORKDIR')[0] ?? '')
  const environment = (more: NodeJS.ProcessEnv) =>
    plainEnvironment({
      HOME: '/dev/null',
      XDG_CACHE_HOME: '/dev/null',
      PATH: `${path.join(image, 'opt/metastore/bin')}:${path.dirname(process.execPath)}:${process.env['PATH']}`,
      ...more,
    })

  beforeAll(async () => {
    // Whoever runs the tool in a checkout builds it first.
    await runCommand(`'${process.execPath}' bin/metastore --help`, root, plainEnvironment())
    for (const { sources, target } of copies) {
      for (const source of sources) {
        const from = path.join(root, source.replace(/^\/build\//, ''))
        const to = path.join(image, target, target.endsWith('/') ? path.basename(source) : '')
        mkdirSync(path.dirname(to), { recursive: true })
        if (source.endsWith('node_modules')) symlinkSync(from, to)
        // What builds and replays keep for themselves is in files whose names begin with a dot.
        else cpSync(from, to, { recursive: true, filter: (file) => !path.basename(file).startsWith('.') })
      }
    }
  })

  test('migrates, seeds, audits and says that it is at the head, and writes nothing but to the database', async () => {
    // Without another project it is the shipped schema; that one has tests of its own, and takes its time.
    expect(existsSync(path.join(workdir, 'metastore.toml'))).toBe(true)
    const project = path.join(image, 'project')
    cpSync(path.join(root, 'examples', 'sme-assistant'), project, { recursive: true })
    // A file where a directory would be made is a place where nobody can write, not even root.
    writeFileSync(path.join(project, '.metastore'), '')
    const before = everythingIn(image)
    const env = environment({
      DATABASE_URL: await freshPostgresUrl(18),
      // As Compose gives them to the seeds where nobody has set them.
      FERNET_KEY: '',
      GOOGLE_API_KEY: '',
      OPENROUTER_API_KEY: '',
    })
    for (const command of ['migrate --wait 60s', 'seed --wait 60s', 'status --check', 'audit', 'docs']) {
      const outcome = await runCommand(`metastore ${command}`, project, env)
      expect({ command, ...outcome }).toMatchObject({ command, status: 0 })
    }
    expect(everythingIn(image)).toEqual(before)
  }, 600_000)

  test('serves as the chart has it: each probe is answered, and SIGTERM is an end', async () => {
    const before = everythingIn(image)
    const { url } = await freshSchema(18)
    const chart = read('deploy/helm/metastore/examples/defaults.rendered.yaml')
    const deployment = readObjects(chart).find(({ kind }) => kind === 'Deployment')
    const [container] = (deployment && podOf(deployment)?.containers) ?? []
    const args = (container?.args ?? []).map((word) => word.replace('0.0.0.0', '127.0.0.1').replace('2024', '0'))
    // As on a cluster, what begins is the program and no shell.
    const [program = ''] = container?.command ?? []
    const server = spawn(program, args, { cwd: workdir, env: environment({ DATABASE_URL: url }) })
    const ended = once(server, 'close')
    const address = await new Promise<string>((resolve, reject) => {
      let said = ''
      const hear = (text: Buffer) => {
        said += text.toString()
        const [, found] = /Serving \S+ on (\S+)/.exec(said) ?? []
        if (found !== undefined) resolve(found)
      }
      server.stdout.on('data', hear)
      server.stderr.on('data', hear)
      server.once('close', () => reject(new Error(said)))
    })
    const paths = [...chart.matchAll(/(?:path: |prometheus\.io\/path: )(\/\w+)$/gm)].map(([, name]) => name ?? '')
    expect(new Set(paths)).toEqual(new Set(['/ok', '/ready', '/metrics']))
    for (const name of paths) expect([name, (await fetch(address + name)).status]).toEqual([name, 200])
    expect(await check(`${address}/ready`)).toEqual({ status: 0, stderr: '' })
    server.kill('SIGTERM')
    expect(await ended).toEqual([0, null])
    expect(everythingIn(image)).toEqual(before)
  }, 600_000)
})

function everythingIn(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.includes('node_modules/'))
    .map((name) => {
      const { size, mtimeMs } = statSync(path.join(directory, name))
      return `${name} ${size} ${mtimeMs}`
    })
    .sort()
}

describe('the health check', () => {
  test('is well when the server is ready, and else says why not', async () => {
    let status = 200
    const server = createServer((_request, response) => response.writeHead(status).end()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/ready`
    expect(await check(address)).toEqual({ status: 0, stderr: '' })
    status = 503
    expect(await check(address)).toEqual({ status: 1, stderr: `${address} answered 503.\n` })
    server.close()
    await once(server, 'close')
    expect(await check(address)).toEqual({ status: 1, stderr: `${address} does not answer: fetch failed.\n` })
  })
})

interface Service {
  readonly image: string
  readonly command?: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  readonly ports?: readonly string[]
  readonly profiles?: readonly string[]
  readonly read_only?: boolean
  readonly cap_drop?: readonly string[]
  readonly healthcheck?: { readonly test: readonly string[] }
}

describe('compose.yaml', () => {
  const text = readFileSync(path.join(root, 'deploy', 'compose.yaml'), 'utf8')
  const { services } = parse(text, { merge: true }) as { services: Record<string, Service> }
  const ours = Object.entries(services).filter(([name]) => name !== 'database')

  test('has one image for all that is ours, which cannot write and has no rights', () => {
    expect(ours.map(([name]) => name)).toEqual(['migrate', 'seed', 'server'])
    const version = (JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string }).version
    for (const [, service] of ours) {
      expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'] })
      expect(service.image).toBe(`\${METASTORE_IMAGE:-metastore:${version}}`)
    }
    expect(services['seed']?.profiles).toEqual(['seed'])
  })

  test('is reached from this machine only, and waits for no time', () => {
    const published = Object.values(services).flatMap(({ ports = [] }) => ports)
    expect(published).toHaveLength(2)
    for (const port of published) expect(port).toMatch(/^127\.0\.0\.1:/)
    expect(JSON.stringify(services)).not.toMatch(/sleep|until /)
    // Over TCP: the server that sets the database up listens on the socket only.
    expect(services['database']?.healthcheck?.test[1]).toContain('pg_isready --host 127.0.0.1')
  })

  test('has commands that the command line takes', async () => {
    for (const [, { command = [] }] of ours) {
      expect(await parseCommandLine(command)).toMatchObject({ kind: 'run', command: { name: command[0] } })
    }
  })
})

test('the health check, Compose, the chart and the server have one port, and every variable is one that is read', async () => {
  const { services } = parse(read('deploy/compose.yaml'), { merge: true }) as { services: Record<string, Service> }
  const chart = ['defaults', 'zero-downtime', 'assistant-backend'].flatMap((name) =>
    readObjects(read(`deploy/helm/metastore/examples/${name}.rendered.yaml`)),
  )
  const containers = chart.flatMap((object) => podOf(object) ?? []).flatMap(containersOf)
  const servers = [
    services['server']?.command ?? [],
    ...containers.map(({ args = [] }) => args).filter(([command]) => command === 'serve'),
  ]
  expect(servers).toHaveLength(3)
  for (const words of servers) {
    const { input } = (await parseCommandLine(words)) as { input: { options: Record<string, unknown> } }
    expect(input.options).toMatchObject({ host: '0.0.0.0', port: '2024' })
  }
  expect(read('deploy/docker/healthcheck.mjs')).toContain("'http://127.0.0.1:2024/ready'")
  const configuration = read('docs/configuration.md')
  const variables = [
    ...Object.values(services).flatMap(({ environment }) => Object.keys(environment)),
    ...containers.flatMap(({ env = [] }) => env.map(({ name }) => name)),
  ].filter((name) => name.startsWith('METASTORE_'))
  expect(variables).toContain('METASTORE_ADMIN_URL')
  for (const name of variables) expect(configuration).toContain(`\`${name}\``)
})
