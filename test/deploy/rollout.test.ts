import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root } from '../harness/example-copy.ts'
import { temporaryDirectory } from '../harness/temporary-directory.ts'

const script = path.join(root, 'deploy', 'helm', 'metastore', 'files', 'wait-for-rollout.mjs')
const certificates = path.join(root, 'test', 'harness', 'tls')

/** What the API says of a Deployment and its Pods at one moment; the last one goes on for ever. */
interface Moment {
  readonly status?: number
  readonly deployment?: object
  readonly pods?: readonly object[]
}

let server: Server
let account: string
let moments: Moment[] = []
let asked: { path: string; authorization: string | undefined }[] = []

beforeAll(async () => {
  const read = (name: string) => readFileSync(path.join(certificates, name))
  server = createServer({ key: read('server.key'), cert: read('server.crt') }, (request, response) => {
    const url = request.url ?? ''
    asked.push({ path: url, authorization: request.headers.authorization })
    const [moment] = moments
    const isPods = url.includes('/pods?')
    // A moment ends when its Pods were asked for, or when its Deployment was enough to know.
    if (moments.length > 1 && (isPods || moment?.pods === undefined)) moments.shift()
    response.statusCode = moment?.status ?? 200
    response.end(JSON.stringify(isPods ? { items: moment?.pods ?? [] } : moment?.deployment))
  }).listen(0, 'localhost')
  await once(server, 'listening')
  account = temporaryDirectory()
  copyFileSync(path.join(certificates, 'authority.crt'), path.join(account, 'ca.crt'))
  writeFileSync(path.join(account, 'token'), 'token-of-the-account\n')
  writeFileSync(path.join(account, 'namespace'), 'assistants\n')
})
afterAll(() => server.close())

function wait(...words: readonly string[]): Promise<{ status: number; lines: string[] }> {
  const env = {
    ...process.env,
    ACCOUNT_DIRECTORY: account,
    KUBERNETES_SERVICE_HOST: 'localhost',
    KUBERNETES_SERVICE_PORT: String((server.address() as AddressInfo).port),
    PAUSE_SECONDS: '0.01',
  }
  return new Promise((resolve) => {
    execFile(process.execPath, [script, ...words], { env }, (error, stdout, stderr) =>
      resolve({ status: Number(error?.code ?? 0), lines: `${stdout}${stderr}`.trim().split('\n') }),
    )
  })
}

const deployment = (status: object, generation = 2) => ({
  metadata: { generation },
  spec: {
    replicas: 2,
    selector: {
      matchLabels: { app: 'server' },
      matchExpressions: [{ key: 'tier', operator: 'In', values: ['a', 'b'] }],
    },
  },
  status,
})
const running = { metadata: {}, status: { phase: 'Running' } }
const ending = { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' }, status: { phase: 'Running' } }
const ended = { metadata: {}, status: { phase: 'Succeeded' } }
const whole = { observedGeneration: 2, updatedReplicas: 2, availableReplicas: 2 }

test('a rollout is over when nothing of an old version is left, not even a Pod that is just ending', async () => {
  asked = []
  moments = [
    { deployment: deployment({ observedGeneration: 1, updatedReplicas: 2, availableReplicas: 2 }) },
    { deployment: deployment({ observedGeneration: 2, updatedReplicas: 1, availableReplicas: 2 }) },
    { deployment: deployment(whole), pods: [running, running, running] },
    { deployment: deployment(whole), pods: [running, running, ending] },
    { status: 503 },
    { deployment: deployment({ ...whole, availableReplicas: 1 }), pods: [running, running, ended] },
    { deployment: deployment(whole), pods: [running, running, ended] },
  ]
  expect(await wait('10m', 'server')).toEqual({
    status: 0,
    lines: [
      'server: the new version is not known yet',
      'server: 1 of 2 Pods are of the new version',
      'server: 1 more than the 2 Pods of the new version still run or are ending',
      'server: GET /apis/apps/v1/namespaces/assistants/deployments/server was answered with 503.',
      'server: 1 of 2 Pods are available',
      'server: nothing of an old version runs any more.',
    ],
  })
  const selector = 'app%3Dserver%2Ctier%20in%20(a%2Cb)'
  expect(new Set(asked.map((each) => each.path))).toEqual(
    new Set([
      '/apis/apps/v1/namespaces/assistants/deployments/server',
      `/api/v1/namespaces/assistants/pods?labelSelector=${selector}`,
    ]),
  )
  expect(new Set(asked.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer token-of-the-account']))
})

test('each Deployment is waited for', async () => {
  asked = []
  moments = [{ deployment: deployment(whole), pods: [running, running] }]
  expect(await wait('10m', 'server', 'worker')).toEqual({
    status: 0,
    lines: ['server: nothing of an old version runs any more.', 'worker: nothing of an old version runs any more.'],
  })
})

test('a rollout that does not end in time leaves both versions as they are', async () => {
  moments = [{ deployment: deployment(whole), pods: [running, running, running] }]
  expect(await wait('0s', 'server')).toEqual({
    status: 1,
    lines: [
      'server: 1 more than the 2 Pods of the new version still run or are ending',
      'server: the rollout has not ended within 0s. Both versions of the schema stay as they are.',
    ],
  })
})

test('a Deployment that there is none of, and a right that is missing, are not waited for', async () => {
  moments = [{ status: 404 }]
  expect(await wait('10m', 'servr')).toEqual({
    status: 1,
    lines: ['GET /apis/apps/v1/namespaces/assistants/deployments/servr was answered with 404.'],
  })
})

test('a deadline without a unit is refused', async () => {
  expect(await wait('30', 'server')).toEqual({ status: 2, lines: ['30 is no duration such as 30m.'] })
})
