import { fc } from '../harness/properties.ts'
import type { createApp } from '../../src/server/server.ts'

type App = ReturnType<typeof createApp>

/** A schema of an OpenAPI document, as far as requests are made of it. */
interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly format?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
  readonly minimum?: number
  readonly maximum?: number
}

interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header' | 'cookie'
  readonly required?: boolean
  readonly schema?: Schema
}

/** One operation of an OpenAPI document. */
export interface Operation {
  readonly method: string
  /** With its parameters in braces. */
  readonly path: string
  readonly parameters: readonly Parameter[]
  readonly body: Schema | undefined
}

/** The operations of an application, and what its schemas refer to. */
export interface Operations {
  readonly all: readonly Operation[]
  readonly schemas: Readonly<Record<string, Schema>>
}

interface DocumentedOperation {
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: { readonly content?: Readonly<Record<string, { readonly schema?: Schema }>> }
}

/** Reads the document that an application gives of itself. */
export async function operationsOf(app: App): Promise<Operations> {
  const document = (await (await app.request('/openapi.json')).json()) as {
    readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>
    readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
  }
  const all = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, { parameters = [], requestBody }]) => ({
      method: method.toUpperCase(),
      path,
      parameters,
      body: requestBody?.content?.['application/json']?.schema,
    })),
  )
  return { all, schemas: document.components.schemas }
}

/** What breaks programs, wherever it stands. */
const hostile: readonly unknown[] = [
  '',
  '\0',
  'a\0b',
  '\ud800',
  '%',
  '%00',
  '%zz',
  '../../etc/passwd',
  "'; drop table threads; --",
  '{"$ne":null}',
  '__proto__',
  'constructor',
  '𝔘𝔫𝔦𝔠𝔬𝔡𝔢 👩‍👩‍👧',
  'x'.repeat(5000),
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  '-1',
  '9999999999999999999999',
  'NaN',
  'infinity',
  '2026-99-99T99:99:99Z',
  '294277-01-01T00:00:00Z',
  -1,
  0,
  1.5,
  1e308,
  -1e308,
  2 ** 53,
  2 ** 31,
  true,
  null,
  [],
  {},
  [[[[[[[]]]]]]],
  { __proto__x: { a: 1 }, constructor: { prototype: 1 } },
]

/** A request as it is sent. */
export interface FuzzedRequest {
  readonly method: string
  readonly target: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

/** Requests of an operation: as it is described, with hostile values in some places, and with nonsense instead. */
export function requestsOf(
  operation: Operation,
  schemas: Operations['schemas'],
  ids: readonly string[],
): fc.Arbitrary<FuzzedRequest> {
  const id = fc.constantFrom(...ids)
  const text = fc.oneof(
    { weight: 4, arbitrary: id },
    { weight: 2, arbitrary: fc.constantFrom('echo', 'default', 'user', '1', 'true') },
    {
      weight: 3,
      arbitrary: fc
        .constantFrom(...hostile)
        .map((value) => (typeof value === 'string' ? value : JSON.stringify(value))),
    },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  )
  const places = operation.parameters.map(({ in: place, name, schema }) =>
    fc
      .tuple(
        fc.boolean(),
        fc.oneof({ weight: 3, arbitrary: text }, { weight: 2, arbitrary: valueOf(schema, schemas, id).map(asText) }),
      )
      .map(([given, value]) => ({ place, name, value, given })),
  )
  const body =
    operation.body === undefined
      ? fc.oneof(fc.constant(undefined), fc.constantFrom('', '{}', '[', 'null'))
      : fc.oneof(
          { weight: 8, arbitrary: valueOf(operation.body, schemas, id).map((value) => JSON.stringify(value)) },
          { weight: 1, arbitrary: fc.jsonValue().map((value) => JSON.stringify(value)) },
          {
            weight: 1,
            arbitrary: fc.constantFrom('', '{', 'null', '[]', '"x"', '{"__proto__":{"x":1}}', '\u{feff}{}'),
          },
        )
  const headers = fc.record(
    {
      'content-type': fc.constantFrom(
        'application/json',
        'text/plain',
        'application/xml',
        'multipart/form-data; boundary=x',
      ),
      'x-request-id': fc.constantFrom('abc', 'x'.repeat(500), '<script>'),
      'idempotency-key': id,
      prefer: fc.constantFrom('return=minimal', 'nonsense'),
      'last-event-id': fc.constantFrom('-1', '3', 'x', '99999999999999999999'),
    },
    { requiredKeys: [] },
  )
  return fc.tuple(fc.tuple(...places), body, headers).map(([given, content, sent]) => {
    let path = operation.path
    const query = new URLSearchParams()
    for (const { place, name, value, given: isGiven } of given) {
      if (place === 'path') path = path.replace(`{${name}}`, encoded(value) || '-')
      else if (place === 'query' && isGiven) query.append(name, value)
    }
    const target = query.size === 0 ? path : `${path}?${query.toString()}`
    return { method: operation.method, target, headers: sent, body: operation.method === 'GET' ? undefined : content }
  })
}

/** A request that fits an operation, with these values in its path and, where it has fields of that name, its body. */
export function fittingRequest(
  operation: Operation,
  schemas: Operations['schemas'],
  idFor: (name: string) => string,
): FuzzedRequest {
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encoded(idFor(name)))
  const query = new URLSearchParams()
  for (const { in: place, name } of operation.parameters) {
    if (place === 'query' && /_id$|^namespace$|^key$/.test(name)) query.append(name, idFor(name))
  }
  const body = operation.body === undefined ? undefined : JSON.stringify(fitting(operation.body, schemas, idFor, ''))
  const target = query.size === 0 ? path : `${path}?${query.toString()}`
  return { method: operation.method, target, headers: {}, body: operation.method === 'GET' ? undefined : body }
}

function fitting(
  schema: Schema,
  schemas: Operations['schemas'],
  idFor: (name: string) => string,
  name: string,
): unknown {
  const found = resolve(schema, schemas)
  if (found.const !== undefined) return found.const
  if (found.enum !== undefined) return found.enum[0]
  const [choice] = found.anyOf ?? found.oneOf ?? found.allOf ?? []
  if (choice !== undefined) return fitting(choice, schemas, idFor, name)
  switch (typesOf(found)[0]) {
    case 'object':
      return Object.fromEntries(
        Object.entries(found.properties ?? {})
          .filter(([key]) => found.required?.includes(key) === true || /_ids?$/.test(key))
          .map(([key, inner]) => [key, fitting(inner, schemas, idFor, key)]),
      )
    case 'array':
      return found.items === undefined ? [] : [fitting(found.items, schemas, idFor, name.replace(/s$/, ''))]
    case 'integer':
    case 'number':
      return found.minimum ?? 1
    case 'boolean':
      return true
    case 'null':
      return null
    default:
      return found.format === 'uuid' || /_id$/.test(name) ? idFor(name) : 'echo'
  }
}

function valueOf(
  schema: Schema | undefined,
  schemas: Operations['schemas'],
  id: fc.Arbitrary<string>,
  depth = 0,
): fc.Arbitrary<unknown> {
  const anything = fc.oneof(fc.constantFrom(...hostile), fc.jsonValue())
  if (schema === undefined || depth > 5) return anything
  return fc.oneof(
    { weight: 9, arbitrary: described(resolve(schema, schemas), schemas, id, depth) },
    { weight: 1, arbitrary: anything },
  )
}

function described(
  schema: Schema,
  schemas: Operations['schemas'],
  id: fc.Arbitrary<string>,
  depth: number,
): fc.Arbitrary<unknown> {
  const inner = (one: Schema): fc.Arbitrary<unknown> => valueOf(one, schemas, id, depth + 1)
  if (schema.const !== undefined) return fc.constant(schema.const)
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum)
  const choices = schema.anyOf ?? schema.oneOf ?? schema.allOf
  if (choices !== undefined) return fc.oneof(...choices.map(inner))
  const kinds = typesOf(schema).map((type): fc.Arbitrary<unknown> => {
    switch (type) {
      case 'object':
        return schema.properties === undefined
          ? fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 })
          : fc.record(mapValues(schema.properties, inner), { requiredKeys: [...(schema.required ?? [])] })
      case 'array':
        return fc.array(schema.items === undefined ? fc.jsonValue() : inner(schema.items), { maxLength: 3 })
      case 'integer':
        return fc.oneof(
          fc.integer({ min: schema.minimum ?? -5, max: Math.min(schema.maximum ?? 100, 100) }),
          fc.maxSafeInteger(),
        )
      case 'number':
        return fc.double({ noNaN: true, noDefaultInfinity: true })
      case 'boolean':
        return fc.boolean()
      case 'null':
        return fc.constant(null)
      case 'string':
        return schema.format === 'uuid'
          ? id
          : fc.oneof(fc.string({ unit: 'binary', maxLength: 20 }), id, fc.constant('echo'))
      default:
        return fc.jsonValue()
    }
  })
  return kinds.length === 0 ? fc.jsonValue() : fc.oneof(...kinds)
}

function resolve(schema: Schema, schemas: Operations['schemas']): Schema {
  const name = schema.$ref?.split('/').at(-1)
  return name === undefined ? schema : resolve(schemas[name] ?? {}, schemas)
}

function typesOf({ type, properties }: Schema): readonly string[] {
  if (type === undefined) return properties === undefined ? [] : ['object']
  return typeof type === 'string' ? [type] : type
}

function mapValues<A, B>(given: Readonly<Record<string, A>>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(given).map(([key, value]) => [key, change(value)]))
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
}

// A lone surrogate has no encoding.
function encoded(text: string): string {
  return encodeURIComponent(Buffer.from(text).toString('utf8'))
}
