import { MetastoreError } from '../../errors.ts'

/** What a langgraph.json says of how items are found by their meaning. */
export interface IndexConfig {
  /** `provider:model`, or a file and what it exports. */
  readonly embed:
    | { readonly kind: 'provider'; readonly provider: string; readonly model: string }
    | { readonly kind: 'export'; readonly path: string; readonly name: string }
  readonly dims: number
  readonly fields: readonly string[] | undefined
}

/** The `store.index` of a langgraph.json; undefined where it has none. Throws `embedding_invalid`. */
export function readIndexConfig(source: string, where: string): IndexConfig | undefined {
  const index = indexOf(source)
  if (index === undefined || index === null) return undefined
  const refuse = (message: string): MetastoreError =>
    new MetastoreError({
      code: 'embedding_invalid',
      message,
      where,
      remedy: 'Write "store": { "index": { "embed": "./src/embed.ts:embed", "dims": 1536, "fields": ["$"] } }.',
    })
  if (typeof index !== 'object') throw refuse('store.index is no object.')
  const { embed, dims, fields } = index as Readonly<Record<string, unknown>>
  if (typeof dims !== 'number') throw refuse('store.index.dims is no number.')
  if (fields !== undefined && !(Array.isArray(fields) && fields.every((path) => typeof path === 'string'))) {
    throw refuse('store.index.fields is no list of paths.')
  }
  const place = embedOf(embed)
  if (place === undefined) throw refuse('store.index.embed names neither a file nor a provider and its model.')
  return { embed: place, dims, fields: fields as readonly string[] | undefined }
}

function embedOf(embed: unknown): IndexConfig['embed'] | undefined {
  if (typeof embed !== 'string') return undefined
  const [, path, name = 'default'] = /^(.+?\.[mc]?[jt]sx?)(?::([^:]+))?$/.exec(embed) ?? []
  if (path !== undefined) return { kind: 'export', path, name }
  const [, provider, model] = /^([\w-]+):([^:].*)$/.exec(embed) ?? []
  return provider === undefined || model === undefined ? undefined : { kind: 'provider', provider, model }
}

// What is wrong with the file itself, the graphs in it tell.
function indexOf(source: string): unknown {
  try {
    const config = JSON.parse(source) as { readonly store?: { readonly index?: unknown } | null } | null
    return config?.store?.index
  } catch {
    return undefined
  }
}
