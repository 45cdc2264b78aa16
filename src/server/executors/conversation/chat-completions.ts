import { MetastoreError } from '../../../errors.ts'
import type { LlmAccess } from '../../../store/store.ts'

/** Where providers answer, in the form of OpenAI's API. */
export const providerUrls: Readonly<Record<string, string>> = {
  openai: 'https://api.openai.com/v1',
  openrouter: 'https://openrouter.ai/api/v1',
  google: 'https://generativelanguage.googleapis.com/v1beta/openai',
  anthropic: 'https://api.anthropic.com/v1',
  mistral: 'https://api.mistral.ai/v1',
  groq: 'https://api.groq.com/openai/v1',
  deepseek: 'https://api.deepseek.com/v1',
}

/** A message in the form of OpenAI's API. */
export interface ChatMessage {
  readonly role: string
  readonly content: unknown
}

/** What is asked, and of whom. */
export interface ChatRequest {
  readonly url: string
  readonly access: LlmAccess & { readonly api_key: string }
  readonly messages: readonly ChatMessage[]
  readonly signal: AbortSignal
  /** Hears how many tokens question and answer are so far: the provider's figure, or else a guess. */
  readonly onTokens: (tokens: number) => void
}

/** Providers that tell the tokens of an answer unasked, and refuse to be asked for them. */
const tellUnasked = new Set(['mistral'])

/** How many characters are taken for a token where the provider tells no figure, as of an answer that is broken off. */
const charactersOfToken = 4

/**
 * Asks a language model, and gives its answer as it comes. Throws `unavailable`; what the provider says of a failure is not shown,
 * because it may repeat a part of the key.
 */
export async function* chatCompletion(request: ChatRequest): AsyncGenerator<string, void> {
  const { url, access, messages, signal, onTokens } = request
  const asks = access.rate_limit_tpm !== null && !tellUnasked.has(access.provider)
  const response = await fetch(`${url.replace(/\/+$/, '')}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${access.api_key}` },
    body: JSON.stringify({
      model: access.model_name,
      messages,
      stream: true,
      ...(asks && { stream_options: { include_usage: true } }),
    }),
    signal,
    // A redirect would carry the key to somebody else.
    redirect: 'error',
  }).catch((error: unknown) => {
    if (signal.aborted) throw signal.reason
    throw failure(access, 'cannot be reached.', 'Look whether the server may open connections to it.', error)
  })
  if (!response.ok || response.body === null) {
    await response.body?.cancel()
    throw failure(access, `has answered with status ${response.status}.`, remedyOf(response.status))
  }
  let told: number | undefined
  let characters = messages.reduce((sum, { content }) => sum + lengthOf(content), 0)
  const tell = (): void => onTokens(told ?? Math.ceil(characters / charactersOfToken))
  tell()
  for await (const data of eventData(response.body)) {
    if (data === '[DONE]') break
    const piece = pieceOf(data)
    if (piece === undefined) throw failure(access, 'has broken off its answer.', 'Start the run again.')
    // Some tell it again and again, of all so far.
    told = piece.tokens ?? told
    characters += piece.content.length
    tell()
    if (piece.content !== '') yield piece.content
  }
}

function lengthOf(content: unknown): number {
  return typeof content === 'string' ? content.length : (JSON.stringify(content) ?? '').length
}

/** The data of the events of a stream, in the form of server-sent events. */
async function* eventData(body: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const bytes of body as unknown as AsyncIterable<Uint8Array>) {
    const lines = (rest + decoder.decode(bytes, { stream: true })).split(/\r?\n/)
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('data:')) yield line.slice('data:'.length).trim()
  }
  if (rest.startsWith('data:')) yield rest.slice('data:'.length).trim()
}

function pieceOf(data: string): { readonly content: string; readonly tokens: number | undefined } | undefined {
  try {
    const event = JSON.parse(data) as {
      readonly error?: unknown
      readonly choices?: readonly { readonly delta?: { readonly content?: string | null } }[]
      readonly usage?: { readonly total_tokens?: unknown } | null
    }
    if (event.error !== undefined) return undefined
    const total = event.usage?.total_tokens
    const tokens = typeof total === 'number' && total >= 0 ? total : undefined
    return { content: event.choices?.[0]?.delta?.content ?? '', tokens }
  } catch {
    return undefined
  }
}

function remedyOf(status: number): string {
  if (status === 401 || status === 403) return 'Set a key that the provider takes.'
  if (status === 404) return 'Look whether the provider has this model.'
  if (status === 429) return 'Wait, or raise the limits at the provider.'
  return 'Start the run again later.'
}

function failure({ provider, model_name }: LlmAccess, what: string, remedy: string, cause?: unknown): MetastoreError {
  return new MetastoreError({
    code: 'unavailable',
    message: `The language model ${model_name} of ${provider} ${what}`,
    remedy,
    ...(cause instanceof Error && { cause }),
  })
}
