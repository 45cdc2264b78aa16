// Waits until a rollout has ended: every Pod of each Deployment is of the new version and available, and no Pod of an old one is
// left, not even one that is just ending, because that still uses the old schema.
//
//   node wait-for-rollout.mjs 30m DEPLOYMENT...
//
// Needs nothing but Node.js: it asks the Kubernetes API with the account of its Pod.

import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { setTimeout as pause } from 'node:timers/promises'

const account = process.env.ACCOUNT_DIRECTORY ?? '/var/run/secrets/kubernetes.io/serviceaccount'
const host = process.env.KUBERNETES_SERVICE_HOST ?? 'kubernetes.default.svc'
const port = process.env.KUBERNETES_SERVICE_PORT ?? '443'
const namespace = read('namespace')
const [deadline = '', ...deployments] = process.argv.slice(2)
// Seconds between two looks.
const pauseSeconds = Number(process.env.PAUSE_SECONDS ?? 2)
const end = Date.now() + milliseconds(deadline)

for (const deployment of deployments) await waitFor(deployment)

/** @param {string} name */
async function waitFor(name) {
  let said = ''
  for (;;) {
    const missing = await whatIsMissing(name).catch(explain)
    if (missing === undefined) return say(`${name}: nothing of an old version runs any more.`)
    if (missing !== said) say(`${name}: ${missing}`)
    said = missing
    if (Date.now() > end) {
      say(`${name}: the rollout has not ended within ${deadline}. Both versions of the schema stay as they are.`)
      process.exit(1)
    }
    await pause(pauseSeconds * 1000)
  }
}

/** @param {string} name @returns {Promise<string | undefined>} */
async function whatIsMissing(name) {
  const { metadata, spec, status = {} } = await get(`/apis/apps/v1/namespaces/${namespace}/deployments/${name}`)
  if ((status.observedGeneration ?? 0) < metadata.generation) return 'the new version is not known yet'
  const wanted = spec.replicas ?? 1
  const { updatedReplicas: updated = 0, availableReplicas: available = 0 } = status
  if (updated < wanted) return `${updated} of ${wanted} Pods are of the new version`
  const selector = selectorOf(spec.selector)
  const { items } = await get(`/api/v1/namespaces/${namespace}/pods?labelSelector=${encodeURIComponent(selector)}`)
  // What has ended stays in the list, and uses nothing.
  const live = items.filter((pod) => !['Succeeded', 'Failed'].includes(pod.status?.phase))
  const old = live.length - updated
  if (old > 0)
    return old === 1
      ? '1 Pod of an old version still runs or is ending'
      : `${old} Pods of an old version still run or are ending`
  if (live.some((pod) => pod.metadata.deletionTimestamp !== undefined)) return 'a Pod is ending'
  if (available < updated) return `${available} of ${updated} Pods are available`
}

/**
 * What passes is waited for; what does not, such as a name that is wrong or a right that is missing, ends it.
 * @param {Error & { status?: number }} error
 */
function explain(error) {
  if (error.status === undefined || error.status >= 500 || error.status === 429) return error.message
  say(error.message)
  process.exit(1)
}

/** @param {{ matchLabels?: Record<string, string>, matchExpressions?: { key: string, operator: string, values?: string[] }[] }} selector */
function selectorOf({ matchLabels = {}, matchExpressions = [] }) {
  const written = { In: 'in', NotIn: 'notin' }
  return [
    ...Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`),
    ...matchExpressions.map(({ key, operator, values = [] }) => {
      if (operator === 'Exists') return key
      if (operator === 'DoesNotExist') return `!${key}`
      return `${key} ${written[operator]} (${values.join(',')})`
    }),
  ].join(',')
}

/** @param {string} path */
function get(path) {
  return new Promise((resolve, reject) => {
    // The token is read each time, because it is renewed while this waits.
    const headers = { authorization: `Bearer ${read('token')}`, accept: 'application/json' }
    request({ host, port, path, headers, ca: read('ca.crt'), timeout: 10_000 }, (response) => {
      const status = response.statusCode
      let body = ''
      response.setEncoding('utf8').on('data', (text) => (body += text))
      response.on('end', () => {
        if (status === 200) resolve(JSON.parse(body))
        else reject(Object.assign(new Error(`GET ${path} was answered with ${status}.`), { status }))
      })
    })
      .on('timeout', function () {
        this.destroy(new Error('the API took more than 10 seconds'))
      })
      .on('error', reject)
      .end()
  })
}

/** @param {string} name */
function read(name) {
  return readFileSync(`${account}/${name}`, 'utf8').trim()
}

/** @param {string} text */
function milliseconds(text) {
  const [, number, unit] = /^(\d+)(s|m|h)$/.exec(text) ?? []
  if (unit === undefined) {
    say(`${text} is no duration such as 30m.`)
    process.exit(2)
  }
  return Number(number) * { s: 1000, m: 60_000, h: 3_600_000 }[unit]
}

/** @param {string} text */
function say(text) {
  process.stdout.write(`${text}\n`)
}
