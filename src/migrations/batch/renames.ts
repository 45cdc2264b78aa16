/** One thing that gets another name. */
export interface Rename {
  readonly from: string
  readonly to: string
}

/**
 * Renames in an order in which no name is ever taken twice; where names go round in a circle, one waits under a name of
 * ours. `names` is everything there is, whether it is renamed or not.
 */
export function planRenames(names: readonly string[], renames: readonly Rename[]): Rename[] {
  const taken = new Set(names)
  let open = renames.filter(({ from, to }) => from !== to)
  const planned: Rename[] = []
  const rename = (from: string, to: string) => {
    planned.push({ from, to })
    taken.delete(from)
    taken.add(to)
  }
  while (open.length > 0) {
    const free = open.find(({ to }) => !taken.has(to))
    if (free !== undefined) {
      rename(free.from, free.to)
      open = open.filter((one) => one !== free)
      continue
    }
    const [first] = open
    if (first === undefined) break
    const waiting = `__metastore_waiting_${planned.length}`
    rename(first.from, waiting)
    open = open.map((one) => (one === first ? { from: waiting, to: one.to } : one))
  }
  return planned
}
