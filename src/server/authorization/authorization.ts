import { MetastoreError } from '../../errors.ts'
import type { Principal } from '../authentication/principal.ts'

/** What a role may do that the ones before it may not; the first rule that fits a request decides. */
interface Rule {
  readonly methods: readonly string[]
  readonly path: RegExp
  readonly least: Principal['role']
}

const any = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
const ranks = { user: 0, supporter: 1, admin: 2 } as const

/**
 * Who may do what. Users talk; supporters also help other people and look after what the assistant remembers; administrators do
 * everything. What no rule names is for administrators, so that a route is open only when somebody has said so.
 */
const rules: readonly Rule[] = [
  { methods: ['GET'], path: /^\/assistants\//, least: 'user' },
  { methods: ['POST'], path: /^\/assistants\/(search|count|[^/]+\/versions)$/, least: 'user' },
  { methods: ['POST'], path: /^\/threads\/prune$/, least: 'admin' },
  { methods: any, path: /^\/threads\/[^/]+\/runs\/crons/, least: 'admin' },
  { methods: any, path: /^\/threads(\/|$)/, least: 'user' },
  { methods: ['POST'], path: /^\/runs(\/wait|\/stream)?$/, least: 'user' },
  { methods: ['POST'], path: /^\/runs\/(batch|cancel)$/, least: 'supporter' },
  { methods: any, path: /^\/store\//, least: 'supporter' },
  { methods: any, path: /^\/api\/threads(\/|$)/, least: 'user' },
  { methods: ['GET'], path: /^\/api\/[^/]+(\/agents(\/|$)|$)/, least: 'user' },
  { methods: ['POST'], path: /^\/api\/[^/]+\/(chat|escalate)$/, least: 'user' },
  { methods: any, path: /^\/api\/[^/]+\/sessions(\/|$)/, least: 'user' },
  { methods: ['GET'], path: /^\/api\/[^/]+\/knowledge(\/|$)/, least: 'user' },
  { methods: any, path: /^\/api\/[^/]+\/(escalations|supporters)(\/|$)/, least: 'supporter' },
]

/** Lets pass who may do it. Throws `forbidden`. */
export function authorize(principal: Principal, method: string, path: string): void {
  const least = leastRole(method, path)
  if (ranks[principal.role] >= ranks[least]) return
  throw new MetastoreError({
    code: 'forbidden',
    message: `This is for the role ${least}, and the key or token has the role ${principal.role}.`,
    remedy: 'Ask an administrator of the tenant for a key of that role.',
  })
}

/** The role that a request needs at least. */
export function leastRole(method: string, path: string): Principal['role'] {
  const asked = method === 'HEAD' ? 'GET' : method
  return rules.find((rule) => rule.path.test(path) && rule.methods.includes(asked))?.least ?? 'admin'
}
