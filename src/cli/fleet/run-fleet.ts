/** What became of one member. */
export interface MemberOutcome<Answer> {
  readonly name: string
  readonly canary: boolean
  readonly state: 'done' | 'failed' | 'not_begun'
  readonly answer?: Answer
  readonly failure?: Error
  readonly durationMs: number
}

/** How a fleet is gone through. */
export interface FleetRun {
  /** All of its members, in order. */
  readonly names: readonly string[]
  /** Those of them that go first, one by one. */
  readonly canary: readonly string[]
  /** How many of the others are worked on at a time. */
  readonly concurrency: number
  /** Go on with the others when one has failed; a canary that fails ends it all the same. */
  readonly keepGoing: boolean
  /** Stop when the canary is through. */
  readonly canaryOnly: boolean
  readonly signal: AbortSignal
}

/**
 * Works on the members of a fleet: the canary first, one by one, then the others, several at a time. After a failure no other one
 * begins; those that are under way are let finish. Returns what became of each, in the order of the names.
 */
export async function runFleet<Answer>(
  { names, canary, concurrency, keepGoing, canaryOnly, signal }: FleetRun,
  work: (name: string) => Promise<Answer & { readonly failure?: Error }>,
  onOutcome: (outcome: MemberOutcome<Answer>) => void,
): Promise<MemberOutcome<Answer>[]> {
  const outcomes = new Map<string, MemberOutcome<Answer>>()
  let stopped = false
  const one = async (name: string) => {
    const isCanary = canary.includes(name)
    const begin = performance.now()
    const ended = await attempt(() => work(name))
    const failed = ended.failure !== undefined
    const outcome: MemberOutcome<Answer> = {
      name,
      canary: isCanary,
      state: failed ? 'failed' : 'done',
      ...ended,
      durationMs: Math.round(performance.now() - begin),
    }
    outcomes.set(name, outcome)
    if (failed && (isCanary || !keepGoing)) stopped = true
    onOutcome(outcome)
  }
  for (const name of names.filter((each) => canary.includes(each))) {
    if (!stopped && !signal.aborted) await one(name)
  }
  const others = canaryOnly ? [] : names.filter((name) => !canary.includes(name))
  const next = others.values()
  const worker = async () => {
    for (const name of next) {
      if (stopped || signal.aborted) return
      await one(name)
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, others.length) }, worker))
  return names.map(
    (name) => outcomes.get(name) ?? { name, canary: canary.includes(name), state: 'not_begun', durationMs: 0 },
  )
}

async function attempt<Answer>(
  work: () => Promise<Answer & { readonly failure?: Error }>,
): Promise<{ readonly answer?: Answer; readonly failure?: Error }> {
  try {
    const answer = await work()
    return { answer, ...(answer.failure !== undefined && { failure: answer.failure }) }
  } catch (error) {
    return { failure: error instanceof Error ? error : new Error(String(error)) }
  }
}
