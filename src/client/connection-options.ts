import { searchPath, type VersionScope } from './search-path.ts'

/**
 * What a connection of `pg` needs to use a version: `new Pool({ connectionString, ...versionOptions('004_states') })`. Nothing
 * without a version, so that an application can begin before its first batch. `options` that the connection string has win.
 * Throws `name_invalid`.
 */
export function versionOptions(
  version: string | undefined,
  scope: VersionScope & { readonly options?: string | undefined } = {},
): { options?: string } {
  const more = scope.options
  if (version === undefined) return more === undefined ? {} : { options: more }
  const own = `-c search_path=${escapeOption(searchPath(version, scope))}`
  return { options: more === undefined ? own : `${more} ${own}` }
}

/**
 * The settings that a connection starts with to use a version, for clients that take them by name, as `postgres` does:
 * `postgres(url, { connection: versionParameters('004_states') })`. Throws `name_invalid`.
 */
export function versionParameters(version: string | undefined, scope: VersionScope = {}): { search_path?: string } {
  return version === undefined ? {} : { search_path: searchPath(version, scope) }
}

/**
 * A database URL that selects a version, for programs that take no more than a URL and understand `options` as libpq does.
 * Options that the URL has stay. Throws `name_invalid`.
 */
export function versionUrl(url: string, version: string | undefined, scope: VersionScope = {}): string {
  if (version === undefined) return url
  const [beforeFragment = '', fragment] = url.split('#', 2)
  const [address = '', query = ''] = beforeFragment.split('?', 2)
  const parameters = query.split('&').filter((each) => each !== '')
  const existing = parameters.find((each) => each.startsWith('options='))
  const options = existing === undefined ? undefined : decodeURIComponent(existing.slice('options='.length))
  const own = `options=${encodeURIComponent(versionOptions(version, { ...scope, options }).options ?? '')}`
  const rest = parameters.filter((each) => each !== existing)
  return `${address}?${[...rest, own].join('&')}${fragment === undefined ? '' : `#${fragment}`}`
}

// The server splits options at white space; a backslash takes the meaning from what follows it.
function escapeOption(value: string): string {
  return value.replaceAll(/[\s\\]/g, (character) => `\\${character}`)
}
