/** More levels than any state has that is no loop, and fewer than end the stack. */
const deepest = 1000

/**
 * A value of a graph as clients of the protocol read it: messages of LangChain as `{type, content, ...}`, and everything else
 * as JSON says it. Throws what says so when a value contains itself.
 */
export function plain(value: unknown): unknown {
  return plainAt(value, 0)
}

function plainAt(value: unknown, depth: number): unknown {
  if (depth > deepest) throw new TypeError(`A value of the graph contains itself, or has more than ${deepest} levels.`)
  const within = (item: unknown): unknown => plainAt(item, depth + 1)
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? value.toString() : value
  if (Array.isArray(value)) return value.map(within)
  const message = messageOf(value)
  if (message !== undefined) return within(message)
  if (value instanceof Map) return within([...value.entries()])
  if (value instanceof Set) return within([...value])
  if ('toJSON' in value && typeof value.toJSON === 'function') return (value.toJSON as () => unknown)()
  if (value instanceof Error) return { error: value.name, message: value.message }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, within(item)]))
}

// Known by what it can do: a graph may come with a LangChain of its own.
function messageOf(value: object): object | undefined {
  if (!('lc_kwargs' in value) || !('toDict' in value) || typeof value.toDict !== 'function') return undefined
  const { type, data } = (value.toDict as () => { type: string; data: object })()
  return { ...data, type }
}
