import { MetastoreError } from '../../errors.ts'
import { isOperator, type Principal } from '../authentication/principal.ts'

/** A role, or that of an administrator of the tenant `shared`, who administers all tenants. */
type Least = Principal['role'] | 'operator'

/** What a role may do that the ones before it may not; the first rule that fits a request decides. */
interface Rule {
  readonly methods: readonly string[]
  readonly path: RegExp
  readonly least: Least
  /** The role that is enough for the user whose id the path's group is. */
  readonly oneself?: Least
}

const any = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
const ranks = { user: 0, supporter: 1, admin: 2, operator: 3 } as const

/**
 * Who may do what. Users talk; supporters also help other people and look after what the assistant remembers; administrators do
 * everything of their tenant. What no rule names is for administrators, so that a route is open only when somebody has said so.
 */
const rules: readonly Rule[] = [
  { methods: ['GET'], path: /^\/assistants\//, least: 'user' },
  { methods: ['POST'], path: /^\/assistants\/(search|count|[^/]+\/versions)$/, least: 'user' },
  { methods: ['POST'], path: /^\/threads\/prune$/, least: 'admin' },
  { methods: any, path: /^\/threads\/[^/]+\/runs\/crons/, least: 'admin' },
  { methods: any, path: /^\/threads(\/|$)/, least: 'user' },
  { methods: ['POST'], path: /^\/runs(\/wait|\/stream)?$/, least: 'user' },
  { methods: ['GET'], path: /^\/runs\/[^/]+(\/join|\/stream)?$/, least: 'user' },
  { methods: ['POST'], path: /^\/runs\/(batch|cancel)$/, least: 'supporter' },
  { methods: any, path: /^\/store\//, least: 'supporter' },
  { methods: any, path: /^\/api\/threads(\/[^/]+\/messages)?$/, least: 'user' },
  { methods: any, path: /^\/api\/admin(\/|$)/, least: 'operator' },
  { methods: ['GET'], path: /^\/api\/[^/]+$/, least: 'user' },
  { methods: ['GET'], path: /^\/api\/[^/]+\/agents(\/[^/]+\/tools)?$/, least: 'user' },
  { methods: ['DELETE'], path: /^\/api\/[^/]+\/(agents|tools)\/[^/]+\/permission$/, least: 'operator' },
  { methods: ['POST'], path: /^\/api\/[^/]+\/(chat|escalate)$/, least: 'user' },
  { methods: ['GET'], path: /^\/api\/[^/]+\/(sessions|knowledge)(\/[^/]+)?$/, least: 'user' },
  { methods: ['DELETE'], path: /^\/api\/[^/]+\/sessions\/[^/]+$/, least: 'user' },
  { methods: ['GET'], path: /^\/api\/[^/]+\/(escalations|supporters)$/, least: 'supporter' },
  { methods: ['PATCH'], path: /^\/api\/[^/]+\/escalations\/[^/]+\/status$/, least: 'supporter' },
  {
    methods: ['PATCH'],
    path: /^\/api\/[^/]+\/supporters\/([^/]+)\/availability$/,
    least: 'admin',
    oneself: 'supporter',
  },
]

/** Lets pass who may do it. Throws `forbidden`. */
export function authorize(principal: Principal, method: string, path: string): void {
  const least = leastRole(method, path, principal.userId)
  if (ranks[isOperator(principal) ? 'operator' : principal.role] >= ranks[least]) return
  throw new MetastoreError({
    code: 'forbidden',
    ...(least === 'operator'
      ? {
          message: 'This is for administrators of the tenant shared, and the key or token is of nobody who is one.',
          remedy: 'Ask whoever administers all tenants.',
        }
      : {
          message: `This is for the role ${least}, and the key or token has the role ${principal.role}.`,
          remedy: 'Ask an administrator of the tenant for a key of that role.',
        }),
  })
}

/** The role that a request of this user needs at least. */
export function leastRole(method: string, path: string, userId?: string): Least {
  const asked = method === 'HEAD' ? 'GET' : method
  for (const rule of rules) {
    const found = rule.methods.includes(asked) ? rule.path.exec(path) : null
    if (found === null) continue
    const isOneself = userId !== undefined && found[1]?.toLowerCase() === userId.toLowerCase()
    return rule.oneself !== undefined && isOneself ? rule.oneself : rule.least
  }
  return 'admin'
}
