import { readFileSync, rmSync } from 'node:fs'
import path from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseCommandLine } from '../../src/cli/parse.ts'
import { freshPostgresUrl } from '../harness/engines.ts'
import { copyExample, plainEnvironment, root } from '../harness/example-copy.ts'
import { runCommand } from '../harness/shell-command.ts'
import { containersOf, faultsOf, type KubernetesObject, podOf, readObjects } from './kubernetes-objects.ts'

const chart = path.join(root, 'deploy', 'helm', 'metastore')
const read = (...names: readonly string[]) => readFileSync(path.join(root, ...names), 'utf8')
const rendered = (name: string) => readObjects(read('deploy/helm/metastore/examples', `${name}.rendered.yaml`))

const files: Readonly<Record<string, readonly KubernetesObject[]>> = {
  'the chart with its defaults': rendered('defaults'),
  'the chart for assistant-backend': rendered('assistant-backend'),
  'the chart without downtime': rendered('zero-downtime'),
  ...Object.fromEntries(
    ['job', 'start', 'complete', 'abort'].map((name) => [
      `kubernetes/${name}.yaml`,
      readObjects(read('deploy/kubernetes', `${name}.yaml`)),
    ]),
  ),
}

const examples = [
  'assistant-backend/kubernetes/start.yaml',
  'assistant-backend/kubernetes/complete.yaml',
  'agentkit/kubernetes/migrate.yaml',
  'agentkit/kubernetes/deployment.yaml',
]

describe('what Kubernetes says of an object', () => {
  const job = read('deploy/kubernetes/job.yaml')

  test.each([
    ['a field that no schema has', 'backoffLimit:', 'backofLimit:', '/spec/backofLimit is not known'],
    ['one deep below', 'runAsUser:', 'runasUser:', '/spec/template/spec/securityContext/runasUser is not known'],
    [
      'a whole branch, told once',
      'seccompProfile:',
      'seccomp:',
      '/spec/template/spec/securityContext/seccomp is not known',
    ],
    ['a value of another type', 'backoffLimit: 4', 'backoffLimit: four', '/spec/backoffLimit type integer'],
    ['a kind that is none', 'kind: Job', 'kind: Jop', 'batch/v1 Jop is no kind of Kubernetes'],
  ])('finds %s', (_what, written, changed, fault) => {
    expect(readObjects(job.replace(written, changed)).flatMap(faultsOf)).toEqual([fault])
  })

  test('finds what is missing', () => {
    const [object] = readObjects(job.replace('mountPath: /tmp', ''))
    expect(object && faultsOf(object)).toEqual(['/spec/template/spec/containers/0/volumeMounts/0 required mountPath'])
  })

  test('is nothing of the manifests of the examples', () => {
    for (const file of examples)
      expect([file, readObjects(read('examples', file)).flatMap(faultsOf)]).toEqual([file, []])
  })
})

describe.each(Object.entries(files))('%s', (_file, objects) => {
  const pods = objects.flatMap((object) => podOf(object) ?? [])
  const containers = pods.flatMap(containersOf)

  test('is what Kubernetes knows, with nothing that it does not', () => {
    expect(objects.map(({ kind }) => kind)).toContain('Job')
    expect(objects.flatMap(faultsOf)).toEqual([])
  })

  test('has names that Kubernetes takes, each once', () => {
    const names = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)
    expect(new Set(names).size).toBe(names.length)
    for (const { metadata, spec } of objects) {
      expect(metadata.name).toMatch(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/)
      const labels = { ...metadata.labels, ...spec?.template?.metadata?.labels }
      for (const value of Object.values(labels)) expect(value).toMatch(/^[A-Za-z0-9]([-\w.]{0,61}[A-Za-z0-9])?$/)
    }
  })

  test('runs under the pod security standard "restricted", with a file system that cannot be written', () => {
    for (const pod of pods) {
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
    }
    for (const container of containers) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      })
      expect(container.resources).toMatchObject({ requests: { cpu: expect.any(String), memory: expect.any(String) } })
      expect(container.resources).toMatchObject({ limits: { memory: expect.any(String) } })
    }
  })

  test('has only commands, options and values that the command line takes', async () => {
    const lines = containers.filter(({ name }) => name !== 'rollout').map(({ args = [] }) => args)
    expect(lines.length).toBeGreaterThan(0)
    for (const line of lines) {
      expect(await parseCommandLine(line)).toMatchObject({ kind: 'run', command: { name: line[0] } })
    }
  })

  test('refers only to what is there', () => {
    for (const pod of pods) {
      const volumes = (pod.volumes ?? []).map(({ name }) => name)
      for (const { volumeMounts = [] } of containersOf(pod)) {
        for (const { name } of volumeMounts) expect(volumes).toContain(name)
      }
    }
    for (const { kind, spec } of objects) {
      const policy = spec?.['podFailurePolicy'] as { rules: { onExitCodes?: { containerName: string } }[] } | undefined
      const names = spec?.template?.spec.containers.map(({ name }) => name) ?? []
      for (const { onExitCodes } of policy?.rules ?? []) {
        if (onExitCodes !== undefined) expect(names).toContain(onExitCodes.containerName)
      }
      if (kind === 'Job') expect(spec?.template?.spec.containers).toHaveLength(1)
    }
  })

  test('takes secrets from the cluster and holds none', () => {
    for (const { env = [] } of containers) {
      for (const { name, value } of env) {
        if (/URL|KEY|SECRET|PASSWORD/.test(name)) expect([name, value]).toEqual([name, undefined])
      }
    }
    expect(JSON.stringify(objects)).not.toMatch(/\w+:\/\/\w+:[^"]*@/)
  })
})

test('the manifests and the Compose file of the examples have only commands that the command line takes', async () => {
  const { services } = parse(read('examples/assistant-backend/compose.yaml')) as {
    services: Readonly<Record<string, { command?: readonly string[] }>>
  }
  const pods = examples.flatMap((file) => readObjects(read('examples', file)).flatMap((object) => podOf(object) ?? []))
  const lines = [
    ...pods
      .flatMap(containersOf)
      .flatMap(({ command: [program, ...words] = [] }) => (program === 'metastore' ? [words] : [])),
    ...Object.values(services).flatMap(({ command }) => (command === undefined ? [] : [command])),
  ]
  expect(lines.map(([name]) => name)).toEqual(['start', 'complete', 'migrate', 'setup'])
  for (const line of lines)
    expect(await parseCommandLine(line)).toMatchObject({ kind: 'run', command: { name: line[0] } })
})

interface Hook {
  readonly name: string
  readonly command: string
  readonly hook: string
  readonly weight: number
}

function hooksOf(objects: readonly KubernetesObject[]): readonly Hook[] {
  return objects
    .flatMap(({ kind, metadata, spec }) => {
      const annotations = metadata.annotations ?? {}
      const { args = [] } = spec?.template?.spec.containers[0] ?? {}
      const weight = Number(annotations['helm.sh/hook-weight'])
      if (kind !== 'Job') return []
      return [{ name: metadata.name, command: args.join(' '), hook: annotations['helm.sh/hook'] ?? '', weight }]
    })
    .sort((one, other) => one.weight - other.weight)
}

describe('the chart for the three databases of assistant-backend', () => {
  const hooks = hooksOf(files['the chart for assistant-backend'] ?? [])

  test('migrates all of them in their order, and then writes the seeds that are switched on', () => {
    const target = (name: string) => `--database ${name} --wait 60s --lock-wait 10m`
    expect(hooks.map(({ command, hook, weight }) => [weight, hook, command])).toEqual([
      [10, 'post-install,post-upgrade', `migrate ${target('assistant-backend')}`],
      [11, 'post-install,post-upgrade', `migrate ${target('job-orchestrator')}`],
      [12, 'post-install,post-upgrade', `migrate ${target('knowledge-interface')}`],
      [100, 'post-install,post-upgrade', `seed ${target('assistant-backend')}`],
    ])
  })

  test('gives each Job what its own values say, and the others what all have', () => {
    const jobs = (files['the chart for assistant-backend'] ?? []).filter(({ kind }) => kind === 'Job')
    const settings = jobs.map(({ spec }) => [
      spec?.['backoffLimit'],
      spec?.['ttlSecondsAfterFinished'],
      spec?.template?.spec.containers[0]?.resources?.requests,
    ])
    const usual = { cpu: '100m', memory: '256Mi' }
    expect(settings).toEqual([
      [6, 3600, { cpu: '250m', memory: '256Mi' }],
      [4, 3600, usual],
      [4, 3600, usual],
      [4, 3600, usual],
    ])
  })

  test('brings the databases to their newest state, with the names of the variables that the project has', async () => {
    const directory = copyExample('assistant-backend')
    const env = plainEnvironment()
    for (const { spec } of (files['the chart for assistant-backend'] ?? []).filter(({ kind }) => kind === 'Job')) {
      const [container] = spec?.template?.spec.containers ?? []
      for (const { name, value } of container?.env ?? []) env[name] ??= value ?? (await freshPostgresUrl(18))
    }
    for (const { command } of hooks) {
      const outcome = await runCommand(`node_modules/.bin/metastore ${command}`, directory, env)
      expect(outcome).toMatchObject({ status: 0 })
    }
    const { output } = await runCommand('node_modules/.bin/metastore seed --plan --json', directory, env)
    const [{ files: seeds }] = (JSON.parse(output) as { databases: [{ files: { file: string; state: string }[] }] })
      .databases
    expect(seeds.map(({ file, state }) => [file, state])).toEqual([
      ['seeds/001_test_users.sql', 'unchanged'],
      ['seeds/002_test_conversations.sql', 'unchanged'],
    ])
    const head = await runCommand('node_modules/.bin/metastore status --check', directory, env)
    expect(head).toMatchObject({ status: 0 })
  }, 600_000)
})

describe('the chart without downtime', () => {
  const objects = files['the chart without downtime'] ?? []
  const hooks = hooksOf(objects)

  test('starts before the release, completes and seeds after it, and aborts after a rollback', () => {
    expect(hooks.map(({ command, hook }) => [hook, command.split(' ')[0]])).toEqual([
      ['pre-install,pre-upgrade', 'start'],
      ['post-install,post-upgrade', 'complete'],
      ['post-rollback', 'abort'],
      ['post-install,post-upgrade', 'seed'],
    ])
  })

  test('never migrates in one go, because Argo CD runs the hooks of an installation on every sync', () => {
    expect(hooks.filter(({ command }) => command.startsWith('migrate'))).toEqual([])
  })

  test('completes and aborts only when the rollout of every application has ended, with rights to look and nothing else', () => {
    for (const name of ['complete', 'abort']) {
      const job = objects.find(({ metadata }) => metadata.labels?.['app.kubernetes.io/component'] === name)
      const pod = job && podOf(job)
      expect(pod?.serviceAccountName).toBe('metastore-rollout')
      expect(pod?.initContainers?.[0]?.command).toEqual([
        'node',
        '/scripts/wait-for-rollout.mjs',
        '30m',
        'metastore',
        'assistant-worker',
      ])
    }
    expect(objects.find(({ kind }) => kind === 'Role')).toMatchObject({
      rules: [
        { apiGroups: ['apps'], resources: ['deployments'], verbs: ['get'] },
        { apiGroups: [''], resources: ['pods'], verbs: ['list'] },
      ],
    })
  })

  test('has a server that is ready when its schema is, and goes on while one Pod is replaced by another', () => {
    const find = (kind: string) => objects.find((object) => object.kind === kind)
    const deployment = find('Deployment')
    const labels = deployment?.spec?.template?.metadata?.labels
    expect(find('Service')?.spec?.selector).toEqual(labels)
    expect(find('PodDisruptionBudget')?.spec?.selector).toEqual({ matchLabels: labels })
    expect(find('HorizontalPodAutoscaler')?.spec).toMatchObject({ scaleTargetRef: { name: deployment?.metadata.name } })
    // Otherwise every upgrade would take back what the autoscaler has decided.
    expect(deployment?.spec).not.toHaveProperty('replicas')
    expect(deployment?.spec).toMatchObject({ strategy: { rollingUpdate: { maxUnavailable: 0 } } })
    expect(deployment?.spec?.template?.spec.containers[0]).toMatchObject({
      livenessProbe: { httpGet: { path: '/ok', port: 'http' } },
      readinessProbe: { httpGet: { path: '/ready', port: 'http' } },
      ports: [{ name: 'http', containerPort: 2024 }],
    })
    expect(deployment && podOf(deployment)?.automountServiceAccountToken).toBe(false)
  })
})

describe('going back', () => {
  test('an older release stops at what it does not know, and its abort takes back what a newer one has started', async () => {
    const directory = copyExample('assistant-backend')
    const url = await freshPostgresUrl(18)
    const env = plainEnvironment({ ASSISTANT_DATABASE_URL: url, NO_COLOR: '1' })
    const metastore = (words: string) =>
      runCommand(`node_modules/.bin/metastore ${words} --database assistant-backend`, directory, env)
    const argumentsOf = (name: string) =>
      (files[`kubernetes/${name}.yaml`] ?? []).flatMap((job) => podOf(job)?.containers[0]?.args ?? []).join(' ')
    expect(await metastore('migrate 007 --quiet')).toMatchObject({ status: 0 })
    expect(await metastore(argumentsOf('start'))).toMatchObject({ status: 0 })

    const newest = '008_user_config_names'
    rmSync(path.join(directory, 'migrations', `${newest}.toml`))
    const refused = await metastore(argumentsOf('start'))
    expect(refused).toMatchObject({ status: 3, output: expect.stringContaining('[batch_files_changed]') })
    const aborted = await metastore(argumentsOf('abort'))
    expect(aborted).toMatchObject({ status: 0, output: expect.stringContaining(`Done: ${newest} is taken back.`) })
    // A Job may run twice, and a rollback of a release that has changed nothing runs it as well.
    expect(await metastore(argumentsOf('abort'))).toMatchObject({ status: 0 })
    expect(await metastore(argumentsOf('complete'))).toMatchObject({ status: 0 })
    expect(await metastore('status --check')).toMatchObject({ status: 0 })
  }, 600_000)
})

describe('the version', () => {
  test('is the one of the package, in the chart and in every image', () => {
    const { version } = JSON.parse(read('package.json')) as { version: string }
    expect(parse(read('deploy/helm/metastore/Chart.yaml'))).toMatchObject({ version, appVersion: version })
    const plain = Object.entries(files).filter(([file]) => file.startsWith('kubernetes/'))
    const images = [...plain.map(([, objects]) => objects), files['the chart with its defaults'] ?? []]
      .flat()
      .flatMap((object) => podOf(object)?.containers ?? [])
      .map(({ image }) => image)
    expect(new Set(images)).toEqual(new Set([`metastore:${version}`]))
  })
})

describe('the schema of the values', () => {
  const schema = JSON.parse(readFileSync(path.join(chart, 'values.schema.json'), 'utf8')) as Record<string, unknown>
  const validate = new Ajv({ allErrors: true }).compile(schema)
  const faults = (values: unknown) =>
    validate(values) ? [] : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`)

  test('takes the defaults and the examples', () => {
    for (const name of [
      'values.yaml',
      'examples/assistant-backend.values.yaml',
      'examples/zero-downtime.values.yaml',
    ]) {
      expect([name, faults(parse(readFileSync(path.join(chart, name), 'utf8')))]).toEqual([name, []])
    }
  })

  test('knows no value that has no default, but for what belongs to one database or one Job', () => {
    const defaults = parse(readFileSync(path.join(chart, 'values.yaml'), 'utf8')) as Record<string, unknown>
    const { global: _, ...properties } = schema['properties'] as Record<string, { properties?: object }>
    expect(Object.keys(defaults).sort()).toEqual(Object.keys(properties).sort())
    for (const [name, { properties: inner }] of Object.entries(properties)) {
      if (inner === undefined || name === 'podSecurityContext') continue
      expect([name, Object.keys(defaults[name] as object).sort()]).toEqual([name, Object.keys(inner).sort()])
    }
  })

  test.each([
    [{ dbJob: {} }, ' must NOT have additional properties'],
    [{ dbJobs: { assistantSeeds: {} } }, '/dbJobs property name must be valid'],
    [{ dbJobs: { assistantSeed: { enabled: 'yes' } } }, '/dbJobs/assistantSeed/enabled must be boolean'],
    [
      { databases: [{ name: 'a', variable: 'A-B', existingSecret: 's' }] },
      '/databases/0/variable must match pattern "^[A-Za-z_][A-Za-z0-9_]*$"',
    ],
    [{ databases: [{ name: 'a', variable: 'A' }] }, "/databases/0 must have required property 'existingSecret'"],
    [{ jobs: { ttlSecondsAfterFinished: 0 } }, '/jobs/ttlSecondsAfterFinished must be >= 300'],
    [{ jobs: { wait: '1 minute' } }, '/jobs/wait must match pattern "^[0-9]+(ms|s|m|h)$"'],
    [{ image: { repository: 'a', digest: 'latest' } }, '/image/digest must match pattern "^(sha256:[0-9a-f]{64})?$"'],
  ])('refuses %j', (values, fault) => {
    expect(faults(values)).toContain(fault)
  })
})
