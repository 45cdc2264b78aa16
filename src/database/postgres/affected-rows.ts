/** How many rows a command was about, by its tag (`INSERT 0 3`); 0 for one that is about none. */
export function affectedRows(tag: string | undefined): number {
  return Number(/^(?:INSERT \d+|UPDATE|DELETE|MERGE|SELECT|COPY|FETCH|MOVE) (\d+)$/.exec(tag ?? '')?.[1] ?? 0)
}
