const paths = new Set(['/ok', '/ready', '/info', '/metrics', '/openapi.json', '/docs', '/docs/rapidoc.js'])

/** Whether a path is answered to everybody: it tells of the server, and nothing of any tenant. */
export function isPublic(path: string): boolean {
  return paths.has(path)
}
