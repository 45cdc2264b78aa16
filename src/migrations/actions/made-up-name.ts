// PostgreSQL cuts names at 63 bytes (manual, 4.1.1).
const longest = 63

/**
 * The name that PostgreSQL makes up for a constraint: `<table>_<columns>_<suffix>`, of which the longer of the first two
 * parts gives up characters until it fits.
 */
export function madeUpName(table: string, columns: string, suffix: string): string {
  const parts = [[...table], [...columns]]
  const bytes = (part: readonly string[] = []) => Buffer.byteLength(part.join(''))
  const room = longest - Buffer.byteLength(`__${suffix}`)
  while (bytes(parts[0]) + bytes(parts[1]) > room) parts[bytes(parts[0]) > bytes(parts[1]) ? 0 : 1]?.pop()
  return `${parts.map((part) => part.join('')).join('_')}_${suffix}`
}
