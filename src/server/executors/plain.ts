/**
 * A value of a graph as clients of the protocol read it: messages of LangChain as `{type, content, ...}`, and everything else
 * as JSON says it.
 */
export function plain(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? value.toString() : value
  if (Array.isArray(value)) return value.map(plain)
  const message = messageOf(value)
  if (message !== undefined) return plain(message)
  if (value instanceof Map) return plain([...value.entries()])
  if (value instanceof Set) return plain([...value])
  if ('toJSON' in value && typeof value.toJSON === 'function') return (value.toJSON as () => unknown)()
  if (value instanceof Error) return { error: value.name, message: value.message }
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
}

// Known by what it can do: a graph may come with a LangChain of its own.
function messageOf(value: object): object | undefined {
  if (!('lc_kwargs' in value) || !('toDict' in value) || typeof value.toDict !== 'function') return undefined
  const { type, data } = (value.toDict as () => { type: string; data: object })()
  return { ...data, type }
}
