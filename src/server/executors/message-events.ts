import type { ExecutionEvent } from './executor.ts'
import { plain } from './plain.ts'

/** The part of a message that has come, with whatever stands for the rest. */
interface Message {
  readonly id?: string
  readonly type: string
  readonly content: unknown
}

/**
 * The events of the mode `messages`, made of LangGraph's pieces: the metadata of each message once, then the message as far as
 * it has come (`messages/partial`), or at once when it came in one piece (`messages/complete`).
 */
export function messageEvents(): (piece: unknown) => ExecutionEvent[] {
  const whole = new Map<string, Message>()
  return (piece) => {
    const [chunk, metadata] = piece as [object, unknown]
    const message = plain(chunk) as Message
    const id = message.id ?? ''
    const before = whole.get(id)
    const partial = message.type.endsWith('Chunk') || message.type === 'AIMessageChunk' || isChunk(chunk)
    const now =
      before === undefined ? message : { ...before, ...message, content: joined(before.content, message.content) }
    whole.set(id, now)
    const told: ExecutionEvent = { event: partial ? 'messages/partial' : 'messages/complete', data: [now] }
    return before === undefined
      ? [{ event: 'messages/metadata', data: { [id]: { metadata: plain(metadata) } } }, told]
      : [told]
  }
}

function isChunk(value: object): boolean {
  return 'concat' in value && typeof value.concat === 'function'
}

function joined(before: unknown, now: unknown): unknown {
  if (typeof before === 'string' && typeof now === 'string') return before + now
  return [before, now].flat()
}
