import { MetastoreError } from '../../../errors.ts'
import type { Decryption, LlmAccess } from '../../../store/store.ts'
import { type ChatMessage, chatCompletion, providerUrls } from './chat-completions.ts'
import type { Reply, ReplyRequest } from './conversation.ts'
import { type Message, textOf } from './messages.ts'
import { modelLimit, type Patience } from './model-limit.ts'
import { knowledgeFor, lastQuestion, offlineReply } from './offline.ts'

/** What the chat works with. */
export interface ChatOptions {
  /** Decrypts the keys of tenants; without it nobody has one. */
  readonly keys?: Decryption | undefined
  /** Where providers answer, besides those that are known. */
  readonly providerUrls?: Readonly<Record<string, string>> | undefined
}

/**
 * Answers with the tenant's language model, within its limits; a tenant without a key gets the answer of the offline assistant.
 * Throws `rate_limited`.
 */
export function chatReply(options: ChatOptions, patience: Patience): Reply {
  const limit = modelLimit(patience)
  return async function* (request) {
    const access = options.keys === undefined ? undefined : await request.store.llm.access(options.keys)
    const apiKey = access?.api_key
    if (access === undefined || apiKey === undefined) {
      yield* offlineReply(request)
      return
    }
    const url = { ...providerUrls, ...options.providerUrls }[access.provider]
    if (url === undefined) throw unknownProvider(access)
    const { store, signal } = request
    await limit.turn(store, access, signal)
    const messages = await chatMessages(request)
    let tokens = 0
    const onTokens = (soFar: number): void => void (tokens = soFar)
    try {
      yield* chatCompletion({ url, access: { ...access, api_key: apiKey }, messages, signal, onTokens })
    } finally {
      // Also of an answer that is cancelled, or broken off, in the middle: the provider counts it as well.
      if (access.rate_limit_tpm !== null && tokens > 0) await store.llm.countTokens(tokens, access)
    }
  }
}

const roles: Readonly<Record<string, string>> = { human: 'user', ai: 'assistant', system: 'system' }

// What the assistant is told, what the tenant knows of the question, and what was said.
async function chatMessages({ store, messages, config, context }: ReplyRequest): Promise<ChatMessage[]> {
  const configurable = config['configurable'] as Readonly<Record<string, unknown>> | undefined
  const prompt = context['system_prompt'] ?? configurable?.['system_prompt']
  const known = await knowledgeFor(store, lastQuestion(messages))
  const facts = known.map(({ title, content }) => `${title}: ${content}`).join('\n\n')
  return [
    ...(typeof prompt === 'string' ? [{ role: 'system', content: prompt }] : []),
    ...(facts === '' ? [] : [{ role: 'system', content: `What the knowledge of this workspace says:\n\n${facts}` }]),
    ...messages.flatMap(chatMessage),
  ]
}

function chatMessage(message: Message): ChatMessage[] {
  const role = roles[message.type]
  if (role === undefined) return []
  return [{ role, content: role === 'user' ? message.content : textOf(message) }]
}

function unknownProvider({ provider }: LlmAccess): MetastoreError {
  return new MetastoreError({
    code: 'unavailable',
    message: `Nothing is known of the provider ${provider} of language models.`,
    remedy: `Choose a model of ${Object.keys(providerUrls).join(', ')}, or say where the provider answers.`,
  })
}
