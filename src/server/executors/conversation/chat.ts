import { MetastoreError } from '../../../errors.ts'
import type { Decryption, LlmAccess } from '../../../store/store.ts'
import { type ChatMessage, chatCompletion, providerUrls } from './chat-completions.ts'
import type { Reply, ReplyRequest } from './conversation.ts'
import { type Message, textOf } from './messages.ts'
import { knowledgeFor, lastQuestion, offlineReply } from './offline.ts'

/** What the chat works with. */
export interface ChatOptions {
  /** Decrypts the keys of tenants; without it nobody has one. */
  readonly keys?: Decryption | undefined
  /** Where providers answer, besides those that are known. */
  readonly providerUrls?: Readonly<Record<string, string>> | undefined
}

/** Answers with the tenant's language model; a tenant without a key gets the answer of the offline assistant. */
export function chatReply(options: ChatOptions): Reply {
  return async function* (request) {
    const access = options.keys === undefined ? undefined : await request.store.llm.access(options.keys)
    const apiKey = access?.api_key
    if (access === undefined || apiKey === undefined) return yield* offlineReply(request)
    const url = { ...providerUrls, ...options.providerUrls }[access.provider]
    if (url === undefined) throw unknownProvider(access)
    const messages = await chatMessages(request)
    yield* chatCompletion({ url, access: { ...access, api_key: apiKey }, messages, signal: request.signal })
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
