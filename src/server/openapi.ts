import { toolVersion } from '../version.ts'
import type { App } from './app.ts'
import { isPublic } from './authentication/public-paths.ts'

type Document = ReturnType<App['getOpenAPI31Document']>
type Operation = NonNullable<NonNullable<Document['paths']>[string]['get']>

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const

/** What is answered instead of what was asked for, with the same body everywhere. */
const failures: Readonly<Record<string, string>> = {
  400: 'The request cannot be read: its body is no JSON, or too large',
  401: 'Nobody knows who sends the request',
  403: 'The role of the key or token may not do this',
  404: 'There is no such thing for this tenant',
  409: 'What is asked for does not go with what is there',
  422: 'A field is wrong; `detail` names each',
  429: 'Too many requests; `Retry-After` says when to go on',
  503: 'The server cannot take this now; `Retry-After` says when to try again',
}

const errorBody = {
  type: 'object',
  required: ['error', 'message', 'detail'],
  properties: {
    error: { type: 'string', description: 'A stable code' },
    message: { type: 'string' },
    detail: {
      description: 'The message again, or the fields that are wrong',
      oneOf: [
        { type: 'string' },
        {
          type: 'array',
          items: {
            type: 'object',
            required: ['path', 'message'],
            properties: { path: { type: 'string' }, message: { type: 'string' } },
          },
        },
      ],
    },
  },
} as const

/** The OpenAPI document of everything that the application answers, from the declarations by which requests are validated. */
export function openApiDocument(app: App): Document {
  const document = app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: {
      title: 'metastore',
      version: toolVersion,
      description: 'The Agent Protocol, as the LangGraph SDKs speak it, on one database with tenants kept apart.',
    },
    security: [{ apiKey: [] }, { bearer: [] }],
  })
  document.components = {
    ...document.components,
    schemas: { ...document.components?.schemas, Error: errorBody as never },
    securitySchemes: {
      apiKey: { type: 'apiKey', in: 'header', name: 'x-api-key', description: 'A key of metastore api-keys create' },
      bearer: { type: 'http', scheme: 'bearer', description: 'The same key, or a JSON Web Token' },
    },
  }
  for (const [path, item] of Object.entries(document.paths ?? {})) {
    for (const method of methods) {
      const operation = item[method]
      if (operation !== undefined) complete(operation, path)
    }
  }
  return document
}

function complete(operation: Operation, path: string): void {
  const open = isPublic(path)
  if (open) operation.security = []
  const possible = Object.entries(failures).filter(([status]) => !open || status === '503')
  const described = possible.map(([status, description]) => [
    status,
    { description, content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } } },
  ])
  operation.responses = { ...(Object.fromEntries(described) as Operation['responses']), ...operation.responses }
}
