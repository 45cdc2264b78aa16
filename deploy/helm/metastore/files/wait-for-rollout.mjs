// Waits until a rollout has ended: every Pod of each Deployment is of the new version and available, and no Pod of an old one is
// left, not even one that is just ending, because that still uses the old schema.
//
//   node wait-for-rollout.mjs 30m DEPLOYMENT...
//
// Needs nothing but Node.js: it asks the Kubernetes API with the account of its Pod.

import { readFileSync } from 'node:fs'
import { request } from 'node:https'
import { setTimeout as pause } from 'node:timers/promises'

/**
 * @typedef {object} Deployment
 * @property {{ generation: number }} metadata
 * @property {{ replicas?: number, selector: Selector }} spec
 * @property {{ observedGeneration?: number, updatedReplicas?: number, availableReplicas?: number }} [status]
 *
 * @typedef {object} Selector
 * @property {Record<string, string>} [matchLabels]
 * @property {{ key: string, operator: string, values?: string[] }[]} [matchExpressions]
 *
 * @typedef {object} Pod
 * @property {{ deletionTimestamp?: string }} metadata
 * @property {{ phase?: string }} [status]
 */

const account = process.env.ACCOUNT_DIRECTORY ?? '/var/run/secrets/kubernetes.io/serviceaccount'
const host = process.env.KUBERNETES_SERVICE_HOST ?? 'kubernetes.default.svc'
const port = process.env.KUBERNETES_SERVICE_PORT ?? '443'
const pauseSeconds = Number(process.env.PAUSE_SECONDS ?? 2)

const [deadline = '', ...deployments] = process.argv.slice(2)
const end = Date.now() + milliseconds(deadline)
const namespace = read('namespace')
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

/**
 * What a rollout lacks, as a sentence; undefined when it has ended.
 * @param {string} name
 * @returns {Promise<string | undefined>}
 */
async function whatIsMissing(name) {
  const deployment = /** @type {Deployment} */ (await get(`/apis/apps/v1/namespaces/${namespace}/deployments/${name}`))
  const { metadata, spec, status = {} } = deployment
  if ((status.observedGeneration ?? 0) < metadata.generation) return 'the new version is not known yet'
  const wanted = spec.replicas ?? 1
  const { updatedReplicas: updated = 0, availableReplicas: available = 0 } = status
  if (updated < wanted) return `${updated} of ${wanted} Pods are of the new version`

  const selector = encodeURIComponent(written(spec.selector))
  const pods = await get(`/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}`)
  const { items } = /** @type {{ items: Pod[] }} */ (pods)
  // What has ended stays in the list, and uses nothing.
  const live = items.filter((pod) => pod.status?.phase !== 'Succeeded' && pod.status?.phase !== 'Failed')
  const old = live.length - updated
  if (old > 0) return `${old} more than the ${updated} Pods of the new version still run or are ending`
  if (live.some((pod) => pod.metadata.deletionTimestamp !== undefined)) return 'a Pod is ending'
  return available < updated ? `${available} of ${updated} Pods are available` : undefined
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

/**
 * A selector as a query has it.
 * @param {Selector} selector
 */
function written({ matchLabels = {}, matchExpressions = [] }) {
  const equal = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`)
  const others = matchExpressions.map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key
    if (operator === 'DoesNotExist') return `!${key}`
    return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`
  })
  return [...equal, ...others].join(',')
}

/**
 * @param {string} path
 * @returns {Promise<unknown>}
 */
function get(path) {
  return new Promise((resolve, reject) => {
    // The token is read each time, because it is renewed while this waits.
    const headers = { authorization: `Bearer ${read('token')}`, accept: 'application/json' }
    const asked = request({ host, port, path, headers, ca: read('ca.crt'), timeout: 10_000 }, (response) => {
      const status = response.statusCode
      let body = ''
      response.setEncoding('utf8').on('data', (/** @type {string} */ text) => (body += text))
      response.on('end', () => {
        if (status === 200) resolve(JSON.parse(body))
        else reject(Object.assign(new Error(`GET ${path} was answered with ${status}.`), { status }))
      })
    })
    asked.on('timeout', () => asked.destroy(new Error('the Kubernetes API took more than 10 seconds')))
    asked.on('error', reject).end()
  })
}

/** @param {string} name */
function read(name) {
  return readFileSync(`${account}/${name}`, 'utf8').trim()
}

/** @param {string} text */
function milliseconds(text) {
  const [, number, unit] = /^(\d+)([smh])$/.exec(text) ?? []
  if (unit === undefined) {
    say(`${text} is no duration such as 30m.`)
    process.exit(2)
  }
  return Number(number) * 1000 * (unit === 'h' ? 3600 : unit === 'm' ? 60 : 1)
}

/** @param {string} text */
function say(text) {
  process.stdout.write(`${text}\n`)
}
