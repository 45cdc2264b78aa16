import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createRoute, z } from '@hono/zod-openapi'
import { packageDirectory } from '../../package-directory.ts'
import type { App } from '../app.ts'
import { openApiDocument } from '../openapi.ts'

const tags = ['System']

// Its styles are inline; nothing comes from elsewhere.
const policy =
  "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; connect-src 'self'; img-src 'self' data:; font-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>metastore API</title>
<link rel="icon" href="data:,">
<script type="module" src="docs/rapidoc.js"></script>
</head>
<body>
<rapi-doc spec-url="openapi.json" load-fonts="false" render-style="read" show-header="false" allow-server-selection="false"
 theme="light" regular-font="system-ui, sans-serif" mono-font="ui-monospace, monospace"></rapi-doc>
</body>
</html>
`

/** The OpenAPI document, and a page that shows it and tries it out, with nothing from elsewhere. */
export function documentationRoutes(app: App): void {
  let document: string | undefined
  app.openapi(
    createRoute({
      method: 'get',
      path: '/openapi.json',
      tags,
      summary: 'This document',
      responses: {
        200: { description: 'OpenAPI 3.1', content: { 'application/json': { schema: z.looseObject({}) } } },
      },
    }),
    (c) => {
      // Every route is there by the time of the first request.
      document ??= JSON.stringify(openApiDocument(app))
      return c.body(document, 200, { 'content-type': 'application/json' }) as never
    },
  )
  app.openapi(
    createRoute({
      method: 'get',
      path: '/docs',
      tags,
      summary: 'This document for people',
      responses: { 200: { description: 'A page', content: { 'text/html': { schema: z.string() } } } },
    }),
    (c) => c.html(page, 200, { 'content-security-policy': policy }),
  )
  app.get('/docs/rapidoc.js', async (c) =>
    c.body(await readFile(scriptFile(), 'utf8'), 200, {
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'max-age=86400',
    }),
  )
}

// The build puts it beside the command; in the sources it is where npm has put it.
function scriptFile(): string {
  const built = join(packageDirectory(), 'dist', 'rapidoc.js')
  return existsSync(built) ? built : join(packageDirectory(), 'node_modules', 'rapidoc', 'dist', 'rapidoc-min.js')
}
