/** A few statements that stand together, and what they must follow. */
export interface Operation<Item> {
  readonly id: string
  /** Among those that may be next, the lowest is. */
  readonly rank: number
  readonly items: readonly Item[]
  /** Ids of operations that come before it. */
  readonly after: Set<string>
  /** Ids of those that had better come before it. */
  readonly rather: Set<string>
}

interface Waiting<Item> {
  readonly operation: Operation<Item>
  readonly place: number
  readonly hard: Set<string>
  readonly soft: Set<string>
  readonly followers: Waiting<Item>[]
  done: boolean
}

/** Operations in an order that keeps to what they must follow; a ring of wishes is broken, then a ring of needs. */
export function inOrder<Item>(operations: readonly Operation<Item>[]): Operation<Item>[] {
  const all = operations.map((operation, place): Waiting<Item> => {
    const { after, rather } = operation
    return { operation, place, hard: new Set(after), soft: new Set(rather), followers: [], done: false }
  })
  connect(all)
  const ready = new Queue(all.filter(isFree))
  const result: Operation<Item>[] = []
  while (result.length < all.length) {
    const next = ready.take() ?? lowest(all.filter((each) => !each.done))
    if (next === undefined) break
    if (next.done) continue
    next.done = true
    result.push(next.operation)
    for (const follower of next.followers) {
      follower.hard.delete(next.operation.id)
      follower.soft.delete(next.operation.id)
      if (!follower.done && isFree(follower)) ready.put(follower)
    }
  }
  return result
}

function connect<Item>(all: readonly Waiting<Item>[]): void {
  const byId = new Map(all.map((each) => [each.operation.id, each]))
  for (const each of all) {
    for (const set of [each.hard, each.soft]) {
      for (const id of set) {
        const before = byId.get(id)
        if (before === undefined || before === each) set.delete(id)
        else before.followers.push(each)
      }
    }
  }
}

function isFree<Item>({ hard, soft }: Waiting<Item>): boolean {
  return hard.size === 0 && soft.size === 0
}

// In a ring, whoever waits for wishes alone is first.
function lowest<Item>(among: readonly Waiting<Item>[]): Waiting<Item> | undefined {
  const willing = among.filter(({ hard }) => hard.size === 0)
  return (willing.length > 0 ? willing : [...among]).sort(compare)[0]
}

function compare<Item>(left: Waiting<Item>, right: Waiting<Item>): number {
  return left.operation.rank - right.operation.rank || left.place - right.place
}

/** Those that may be next, the lowest first. */
class Queue<Item> {
  private readonly items: Waiting<Item>[]

  constructor(items: readonly Waiting<Item>[]) {
    // The last is the next.
    this.items = items.toSorted((left, right) => compare(right, left))
  }

  take(): Waiting<Item> | undefined {
    return this.items.pop()
  }

  put(item: Waiting<Item>): void {
    let [low, high] = [0, this.items.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if (compare(this.items[middle] as Waiting<Item>, item) > 0) low = middle + 1
      else high = middle
    }
    this.items.splice(low, 0, item)
  }
}
