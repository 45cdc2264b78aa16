import { randomUUID } from 'node:crypto'
import { invalid } from '../../../store/store.ts'

/** A message as clients of the protocol write and read it. */
export interface Message {
  readonly id: string
  readonly type: string
  readonly content: unknown
  readonly [key: string]: unknown
}

/** The types of messages by the roles of chat APIs. */
const typesByRole: Readonly<Record<string, string>> = {
  user: 'human',
  human: 'human',
  assistant: 'ai',
  ai: 'ai',
  system: 'system',
  developer: 'system',
  tool: 'tool',
}

/** The messages of an input or an update: `{messages}` with one or a list, each a text or an object. Throws `request_invalid`. */
export function messagesOf(input: unknown, path = 'input'): Message[] {
  if (input === null || input === undefined) return []
  const given = typeof input === 'object' ? (input as { messages?: unknown }).messages : input
  if (given === undefined || given === null) return []
  const list: readonly unknown[] = Array.isArray(given) ? given : [given]
  return list.map((each, index) => messageOf(each, `${path}.messages[${index}]`))
}

function messageOf(given: unknown, path: string): Message {
  if (typeof given === 'string') return { id: randomUUID(), type: 'human', content: given }
  const { role, type, ...rest } = (typeof given === 'object' && given !== null ? given : {}) as Record<string, unknown>
  const known = typesByRole[String(type ?? role)]
  if (known === undefined) {
    throw invalid(path, `Write a text, or a message with a role (${Object.keys(typesByRole).join(', ')}) and content.`)
  }
  if (typeof rest['content'] !== 'string' && !Array.isArray(rest['content'])) {
    throw invalid(`${path}.content`, 'Write a text, or a list of parts.')
  }
  return {
    ...rest,
    id: typeof rest['id'] === 'string' ? rest['id'] : randomUUID(),
    type: known,
    content: rest['content'],
  }
}

/** The messages with others added; one with an id that is there takes its place. */
export function merged(before: readonly Message[], added: readonly Message[]): Message[] {
  const all = new Map(before.map((message) => [message.id, message]))
  for (const message of added) all.set(message.id, message)
  return [...all.values()]
}

/** What a message says, as text. */
export function textOf({ content }: Message): string {
  if (typeof content === 'string') return content
  const parts = content as readonly { readonly text?: unknown }[]
  return parts.flatMap((part) => (typeof part.text === 'string' ? [part.text] : [])).join('\n')
}
