import { readFile } from 'node:fs/promises'
import { dirname, relative, resolve } from 'node:path'
import { MetastoreError } from '../../errors.ts'
import { embeddingModel, type Embeddings } from '../../langgraph/langgraph.ts'
import { embedded, type EmbeddingModel, isTextPath, mostDimensions } from '../../store/store.ts'
import { providerUrls } from '../executors/conversation/chat-completions.ts'
import type { LoadModule } from '../executors/graph-files.ts'
import { embeddingService } from './embedding-service.ts'
import { type IndexConfig, readIndexConfig } from './index-config.ts'
import { sparingModel } from './sparing-model.ts'

/** Where the embedding model of a server is said to be. */
export interface EmbeddingOptions {
  /** What the settings say; the model is null where they say none. */
  readonly settings: {
    /** The URL below which /embeddings is; null for OpenAI's own. */
    readonly url: string | null
    readonly model: string | null
    readonly keyEnv: string | null
    readonly size: number
    readonly fields: readonly string[]
  }
  /** The absolute path of a langgraph.json, whose `store.index` counts where the settings name no model. */
  readonly graphs: string | undefined
  readonly load: LoadModule
  /** The value of an environment variable, which is a secret from now on. */
  readonly secret: (name: string) => string | undefined
  /** Writes a failure of the model to the log. */
  readonly log: (error: Error) => void
  /** Milliseconds for which a model that has failed is left alone; 10,000 unless said. */
  readonly pause?: number
}

/**
 * The embedding model of a server, asked once whether it answers: one whose numbers cannot be kept is refused, one that is away is
 * asked again later. Throws `embedding_invalid`, `variable_missing`.
 */
export async function loadEmbeddings(options: EmbeddingOptions): Promise<EmbeddingModel | undefined> {
  const model = options.settings.model === null ? await ofGraphs(options) : ofSettings(options, options.settings.model)
  if (model === undefined) return undefined
  const sparing = sparingModel(model, options.log, options.pause ?? 10_000)
  try {
    await embedded({ ...sparing, onFailure: undefined }, ['metastore'], 'search')
  } catch (error) {
    if (error instanceof MetastoreError && error.code === 'embedding_invalid') throw error
    sparing.onFailure?.(error as Error)
  }
  return sparing
}

function ofSettings({ settings, secret }: EmbeddingOptions, model: string): EmbeddingModel {
  const { keyEnv, size, fields } = settings
  const url = settings.url ?? providerUrls['openai'] ?? ''
  if (!isWebAddress(url)) {
    throw embeddingInvalid(
      'server_embeddings_url is no URL with http or https, or has a password in it.',
      'Write one such as http://127.0.0.1:11434/v1, and name the variable of a key in embeddings_key_env.',
    )
  }
  if (size > mostDimensions) {
    throw embeddingInvalid(
      `server_embeddings_size is ${size}, and the database keeps ${mostDimensions} numbers of a text at most.`,
      `Write ${mostDimensions} or fewer, or choose a model that gives fewer.`,
    )
  }
  const odd = fields.find((path) => !isTextPath(path))
  if (odd !== undefined) {
    throw embeddingInvalid(
      `server_embeddings_fields names ${JSON.stringify(odd)}, which is no path of a text.`,
      'Write paths such as title, meta.title, parts[0].text, parts[*].text, or $ for all.',
    )
  }
  const apiKey = keyEnv === null ? undefined : neededSecret(secret, keyEnv)
  const told = size === 0 ? undefined : size
  return {
    name: told === undefined ? model : `${model}@${told}`,
    fields,
    embed: embeddingService({ url, model, apiKey, size: told }),
  }
}

function isWebAddress(text: string): boolean {
  if (!URL.canParse(text)) return false
  const { protocol, username, password } = new URL(text)
  return ['http:', 'https:'].includes(protocol) && username === '' && password === ''
}

async function ofGraphs({ graphs, load, secret }: EmbeddingOptions): Promise<EmbeddingModel | undefined> {
  if (graphs === undefined) return undefined
  // A file that is not there is the graphs' to tell.
  const source = await readFile(graphs, 'utf8').catch(() => '')
  const config = readIndexConfig(source, graphs)
  if (config === undefined) return undefined
  const { dims, fields, embed } = config
  if (embed.kind === 'provider') return embeddingModel({ dims, fields, embeddings: ofProvider(embed, secret) })
  const absolutePath = resolve(dirname(graphs), embed.path)
  const path = relative(process.cwd(), absolutePath)
  const code = await readFile(absolutePath, 'utf8').catch((cause: unknown) => {
    throw embeddingInvalid(
      'There is no such file, or it cannot be read.',
      'Correct store.index.embed in langgraph.json.',
      path,
      cause,
    )
  })
  const failure = { code: 'embedding_invalid', subject: 'The embedding model' } as const
  const exported = (await load({ path, absolutePath, source: code }, failure))[embed.name]
  return embeddingModel(
    { dims, fields, embeddings: embeddingsOf(exported, embed.name, path) },
    `${embed.path}:${embed.name}`,
  )
}

type Provider = Extract<IndexConfig['embed'], { readonly kind: 'provider' }>

function ofProvider({ provider, model }: Provider, secret: EmbeddingOptions['secret']): Embeddings & { model: string } {
  const url = providerUrls[provider]
  if (url === undefined) {
    throw embeddingInvalid(
      `Nothing is known of the provider ${provider} of embedding models.`,
      `Name one of ${Object.keys(providerUrls).join(', ')}, a file that exports embeddings, or the settings server_embeddings_url and server_embeddings_model.`,
    )
  }
  const apiKey = neededSecret(secret, `${provider.toUpperCase()}_API_KEY`)
  const embed = embeddingService({ url, model, apiKey, size: undefined })
  const many = async (texts: string[], use: 'keep' | 'search') => (await embed(texts, use)).map((one) => [...one])
  return {
    model,
    embedDocuments: (texts) => many(texts, 'keep'),
    embedQuery: async (text) => (await many([text], 'search'))[0] ?? [],
  }
}

// A function of texts, as LangGraph's servers take it, or an object of LangChain.
function embeddingsOf(exported: unknown, name: string, path: string): Embeddings {
  if (typeof exported === 'function') {
    const embed = exported as (texts: string[]) => Promise<number[][]> | number[][]
    return {
      embedDocuments: async (texts) => embed(texts),
      embedQuery: async (text) => (await embed([text]))[0] ?? [],
    }
  }
  const given = exported as Partial<Embeddings> | null | undefined
  if (typeof given?.embedDocuments === 'function' && typeof given.embedQuery === 'function') return given as Embeddings
  throw embeddingInvalid(
    `The export ${JSON.stringify(name)} is no function of texts, and no object with embedDocuments and embedQuery.`,
    'Export a function that gives a list of numbers for each text, or an embedding model of LangChain.',
    path,
  )
}

function neededSecret(secret: EmbeddingOptions['secret'], name: string): string {
  const value = secret(name)
  if (value !== undefined && value !== '') return value
  throw new MetastoreError({
    code: 'variable_missing',
    message: `There is no key for the embedding model: the environment variable ${name} is not set.`,
    remedy: `Set ${name}, or name another variable in embeddings_key_env in [server] of metastore.toml.`,
  })
}

function embeddingInvalid(message: string, remedy: string, where?: string, cause?: unknown): MetastoreError {
  return new MetastoreError({
    code: 'embedding_invalid',
    message,
    remedy,
    ...(where !== undefined && { where }),
    cause,
  })
}
