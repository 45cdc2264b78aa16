import { MetastoreError } from '../../errors.ts'
import type { EmbeddingModel } from '../../store/store.ts'

/** An embedding model behind OpenAI's API, or one that speaks it. */
export interface EmbeddingService {
  /** The URL below which `/embeddings` is. */
  readonly url: string
  readonly model: string
  readonly apiKey: string | undefined
  /** How many numbers it is told to give of a text; as many as it does unless said. */
  readonly size: number | undefined
}

/** Milliseconds that a model has for an answer: somebody who searches waits less than what is to be kept can. */
const patience = { search: 5000, keep: 20_000 } as const

/**
 * Asks the service; what it says of a failure is not shown, because it may repeat a part of the key. Throws `unavailable`,
 * `embedding_invalid`.
 */
export function embeddingService({ url, model, apiKey, size }: EmbeddingService): EmbeddingModel['embed'] {
  const fail = (what: string, remedy: string, cause?: unknown): MetastoreError =>
    new MetastoreError({
      code: 'unavailable',
      message: `The embedding model ${model} ${what}`,
      remedy,
      ...(cause instanceof Error && { cause }),
    })
  return async (texts, use) => {
    const response = await fetch(`${url.replace(/\/+$/, '')}/embeddings`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
      },
      body: JSON.stringify({ model, input: texts, ...(size !== undefined && { dimensions: size }) }),
      signal: AbortSignal.timeout(patience[use]),
      // A redirect would carry the key to somebody else.
      redirect: 'error',
    }).catch((error: unknown) => {
      const late = error instanceof DOMException && error.name === 'TimeoutError'
      if (late) throw fail('has not answered in time.', 'Look whether it has too much to do.', error)
      throw fail(
        'cannot be reached.',
        'Look whether it runs, and whether the server may open connections to it.',
        error,
      )
    })
    if (!response.ok) {
      await response.body?.cancel()
      if ([400, 413, 422].includes(response.status)) throw refused(model, response.status)
      throw fail(`has answered with status ${response.status}.`, remedyOf(response.status))
    }
    const answer: unknown = await response.json().catch(() => undefined)
    const vectors = vectorsOf(answer)
    if (vectors === undefined) {
      throw fail(
        'has answered with something else than embeddings.',
        'Look whether its URL is that of an API like OpenAI’s.',
      )
    }
    return vectors
  }
}

// It is there, and takes others.
function refused(model: string, status: number): MetastoreError {
  return new MetastoreError({
    code: 'embedding_invalid',
    message: `The embedding model ${model} does not take what it was asked about: it has answered with status ${status}.`,
    remedy: 'Look whether it can be told how many numbers to give (embeddings_size), and how long texts may be.',
  })
}

function vectorsOf(answer: unknown): number[][] | undefined {
  const list = (answer as { readonly data?: unknown } | undefined)?.data
  if (!Array.isArray(list)) return undefined
  const data = list as readonly { readonly index?: number; readonly embedding?: unknown }[]
  if (!data.every((one) => Array.isArray(one.embedding))) return undefined
  const ordered = data.every(({ index }) => typeof index === 'number')
    ? data.toSorted((a, b) => (a.index ?? 0) - (b.index ?? 0))
    : data
  return ordered.map(({ embedding }) => embedding as number[])
}

function remedyOf(status: number): string {
  if (status === 401 || status === 403) return 'Give it a key that it takes: embeddings_key_env names its variable.'
  if (status === 404) return 'Look at its URL, and whether it has this model.'
  if (status === 429) return 'Wait, or raise the limits at the provider.'
  return 'It is asked again later.'
}
