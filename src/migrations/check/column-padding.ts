import type { TypeShape } from './type-names.ts'

const aligned: Readonly<Record<string, number>> = {
  int8: 8,
  float8: 8,
  timestamp: 8,
  timestamptz: 8,
  time: 8,
  money: 8,
  int4: 4,
  float4: 4,
  date: 4,
  oid: 4,
  int2: 2,
  bool: 1,
}

/**
 * How many bytes of each row are lost between columns, over what the best order would lose (PostgreSQL manual, Database Page
 * Layout). Columns of varying length count as the end of what can be known.
 */
export function padding(types: readonly TypeShape[]): number {
  const widths = types.map(({ name, array }) => (array ? undefined : aligned[name]))
  const first = widths.findIndex((width) => width === undefined)
  const known = (first === -1 ? widths : widths.slice(0, first)).flatMap((width) => width ?? [])
  return lost(known) - lost(known.toSorted((a, b) => b - a))
}

function lost(widths: readonly number[]): number {
  let [offset, gaps] = [0, 0]
  for (const width of widths) {
    const gap = (width - (offset % width)) % width
    gaps += gap
    offset += gap + width
  }
  return gaps + ((8 - (offset % 8)) % 8)
}
