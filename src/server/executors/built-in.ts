import type { Executor } from './executor.ts'
import { chatReply, type ChatOptions } from './conversation/chat.ts'
import { conversationExecutor } from './conversation/conversation.ts'
import { echoReply, offlineReply } from './conversation/offline.ts'

/**
 * The graphs that are there without any of the project's own: `assistant` answers from the tenant's knowledge, `chat` by the
 * tenant's language model, and `echo` repeats.
 */
export function builtInExecutor(options: ChatOptions = {}): Executor {
  return conversationExecutor({ assistant: offlineReply, chat: chatReply(options), echo: echoReply })
}
