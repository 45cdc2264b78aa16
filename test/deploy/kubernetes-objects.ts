import { createRequire } from 'node:module'
import path from 'node:path'
import { parseAllDocuments } from 'yaml'

/** An object of Kubernetes as a file has it, with the fields that tests look at. */
export interface KubernetesObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: {
    readonly name: string
    readonly labels?: Readonly<Record<string, string>>
    readonly annotations?: Readonly<Record<string, string>>
  }
  readonly spec?: {
    readonly template?: { readonly metadata?: KubernetesObject['metadata']; readonly spec: Pod }
    readonly selector?: Readonly<Record<string, unknown>>
    readonly [field: string]: unknown
  }
  readonly [field: string]: unknown
}

/** What runs together. */
export interface Pod {
  readonly restartPolicy?: string
  readonly serviceAccountName?: string
  readonly automountServiceAccountToken?: boolean
  readonly securityContext?: Readonly<Record<string, unknown>>
  readonly initContainers?: readonly Container[]
  readonly containers: readonly Container[]
  readonly volumes?: readonly { readonly name: string; readonly configMap?: { readonly name: string } }[]
}

/** One program of a Pod. */
export interface Container {
  readonly name: string
  readonly image: string
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly env?: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: unknown }[]
  readonly envFrom?: readonly unknown[]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly volumeMounts?: readonly { readonly name: string; readonly mountPath: string }[]
  readonly securityContext?: Readonly<Record<string, unknown>>
  readonly resources?: { readonly requests?: object; readonly limits?: object }
}

/** The objects of a file of YAML documents. Throws what is no YAML, and a key that is there twice. */
export function readObjects(text: string): readonly KubernetesObject[] {
  const documents = parseAllDocuments(text)
  if ('empty' in documents) return []
  return documents.flatMap((document) => {
    if (document.errors[0] !== undefined) throw document.errors[0]
    const object = document.toJS() as KubernetesObject | null
    return object === null ? [] : [object]
  })
}

/** The Pod that an object makes, where it makes one. */
export function podOf(object: KubernetesObject): Pod | undefined {
  return object.kind === 'Pod' ? (object.spec as unknown as Pod) : object.spec?.template?.spec
}

/** Every container of a Pod, in the order in which they start. */
export function containersOf(pod: Pod): readonly Container[] {
  return [...(pod.initContainers ?? []), ...pod.containers]
}

/** What is wrong with an object by the schemas of Kubernetes: values of the wrong type, what is missing, what is not known. */
export function faultsOf(object: KubernetesObject): readonly string[] {
  const validate = validatorOf(object)
  if (validate === undefined) return [`${object.apiVersion} ${object.kind} is no kind of Kubernetes`]
  const seen = new Set<string>()
  const valid = validate(watched(object, '', seen))
  const wrong = valid ? [] : (validate.errors ?? []).map(describe)
  return [...wrong, ...unseen(object, '', seen)]
}

interface Validator {
  (data: unknown): boolean
  readonly errors?: readonly Fault[] | null
}

interface Fault {
  readonly instancePath: string
  readonly keyword: string
  readonly params: Readonly<Record<string, unknown>>
}

function describe({ instancePath, keyword, params }: Fault): string {
  return `${instancePath} ${keyword} ${Object.values(params).join(' ')}`
}

const require = createRequire(import.meta.url)

// One module for each kind would be read by its name only; the package's own door reads all of them, which takes a second.
function validatorOf({ apiVersion, kind }: KubernetesObject): Validator | undefined {
  const models = path.dirname(require.resolve('kubernetes-models'))
  try {
    const schema = Object.keys(require(path.join(models, apiVersion, `${kind}.js`)) as object).find((name) =>
      name.startsWith('Io'),
    )
    const { validate } = require(path.join(models, '_schemas', `${schema}.js`)) as { validate: Validator }
    return validate
  } catch {
    return undefined
  }
}

/**
 * An object that notes which of its fields were looked at. The validators of kubernetes-models pass over fields that no schema has,
 * but look at every one that a schema has, and at every entry of a map: what nobody has looked at is not known.
 */
function watched(value: unknown, place: string, seen: Set<string>): unknown {
  if (typeof value !== 'object' || value === null) return value
  return new Proxy(value, {
    get(target, field) {
      const found: unknown = Reflect.get(target, field)
      if (typeof field === 'symbol' || !Object.hasOwn(target, field)) return found
      seen.add(`${place}/${field}`)
      return watched(found, `${place}/${field}`, seen)
    },
  })
}

// Only the outermost of what was not looked at is told.
function unseen(value: unknown, place: string, seen: ReadonlySet<string>): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([field, inner]) => {
    const here = `${place}/${field}`
    return seen.has(here) ? unseen(inner, here, seen) : [`${here} is not known`]
  })
}
