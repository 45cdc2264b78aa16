/** A node of a plan as EXPLAIN (VERBOSE, FORMAT JSON) prints it; keys that are not named here hold expressions and costs. */
export interface PlanNode {
  readonly 'Node Type': string
  readonly 'Plan Rows': number
  readonly 'Parent Relationship'?: string
  readonly 'Subplan Name'?: string
  readonly Schema?: string
  readonly 'Relation Name'?: string
  readonly 'Index Cond'?: string
  readonly Strategy?: string
  readonly Plans?: readonly PlanNode[]
  readonly [key: string]: unknown
}

/** A table that a plan reads from its first row to its last. */
export interface FullScan {
  readonly schema: string
  readonly table: string
}

/** Tables that a plan reads whole, so that their size has to be known. */
export function fullScans(node: PlanNode): FullScan[] {
  const inner = (node.Plans ?? []).flatMap(fullScans)
  const { Schema: schema, 'Relation Name': table } = node
  return schema !== undefined && table !== undefined && readsWhole(node) ? [{ schema, table }, ...inner] : inner
}

/**
 * How many rows of tables a plan reads when it is run once. `Plan Rows` is what a node gives, after its filter; what a
 * sequential scan reads is all of its table, which `sizeOf` knows.
 */
export function rowsRead(node: PlanNode, sizeOf: (table: FullScan) => number, share = 1): number {
  const inner = (node.Plans ?? []).filter((plan) => !isAlternative(plan, node))
  const inputs = inner.filter((plan) => !isSubPlan(plan))
  const perRow = Math.max(1, node['Plan Rows'], ...inputs.map((plan) => plan['Plan Rows'])) * share
  const subPlans = inner.filter(isSubPlan).map((plan) => rowsRead(plan, sizeOf) * (runsOnce(plan, node) ? 1 : perRow))
  return sum([ownRows(node, sizeOf) * share, inputRows(node, inputs, sizeOf, share), ...subPlans])
}

function inputRows(
  node: PlanNode,
  inputs: readonly PlanNode[],
  sizeOf: (table: FullScan) => number,
  share: number,
): number {
  const [first, second] = inputs
  switch (node['Node Type']) {
    // Its input gives the rows that it is counted by.
    case 'Bitmap Heap Scan':
      return 0
    case 'Limit':
      return first === undefined
        ? 0
        : rowsRead(first, sizeOf, share * Math.min(1, node['Plan Rows'] / Math.max(1, first['Plan Rows'])))
    case 'Nested Loop':
      return first === undefined || second === undefined
        ? 0
        : rowsRead(first, sizeOf, share) + rowsRead(second, sizeOf) * Math.max(1, first['Plan Rows'] * share)
    default:
      // What has to see all its input first does so for a single row of its own, too.
      return sum(inputs.map((plan) => rowsRead(plan, sizeOf, readsAllFirst(node) ? 1 : share)))
  }
}

function ownRows(node: PlanNode, sizeOf: (table: FullScan) => number): number {
  const { Schema: schema = '', 'Relation Name': table } = node
  if (node['Node Type'] === 'Bitmap Heap Scan')
    return Math.max(0, ...(node.Plans ?? []).map((plan) => plan['Plan Rows']))
  if (table !== undefined && readsWhole(node)) return sizeOf({ schema, table })
  return (node.Plans ?? []).some((plan) => !isSubPlan(plan)) ? 0 : node['Plan Rows']
}

function readsWhole(node: PlanNode): boolean {
  switch (node['Node Type']) {
    case 'Seq Scan':
    case 'Sample Scan':
    case 'Foreign Scan':
      return true
    case 'Index Scan':
    case 'Index Only Scan':
      return node['Index Cond'] === undefined
    default:
      return false
  }
}

function readsAllFirst({ 'Node Type': type, Strategy: strategy }: PlanNode): boolean {
  if (type === 'Aggregate') return strategy !== 'Sorted'
  return type === 'Sort' || type === 'Hash' || type === 'Materialize' || type === 'SetOp' || type === 'Recursive Union'
}

function isSubPlan({ 'Parent Relationship': relation }: PlanNode): boolean {
  return relation === 'SubPlan' || relation === 'InitPlan'
}

function runsOnce(plan: PlanNode, parent: PlanNode): boolean {
  return plan['Parent Relationship'] === 'InitPlan' || texts(parent).includes(`hashed ${plan['Subplan Name'] ?? ''}`)
}

// Up to version 13 the server shows both ways of an EXISTS and takes the second for many rows only.
function isAlternative(plan: PlanNode, parent: PlanNode): boolean {
  const others = [...texts(parent).matchAll(/alternatives: (?:hashed )?SubPlan \d+ or (?:hashed )?(SubPlan \d+)/g)]
  return others.some(([, name]) => name === plan['Subplan Name'])
}

// What a node computes and tests, as text, without its inputs.
function texts(node: PlanNode): string {
  return JSON.stringify(Object.values(node).filter((value) => typeof value === 'string' || isTexts(value)))
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
