/** Rows by the relation that they belong to, in their order. */
export function byRelation<Id, Row extends { readonly relation: Id }>(rows: readonly Row[]): Map<Id, Row[]> {
  const groups = new Map<Id, Row[]>()
  for (const row of rows) {
    const group = groups.get(row.relation)
    if (group) group.push(row)
    else groups.set(row.relation, [row])
  }
  return groups
}
