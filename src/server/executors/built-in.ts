import type { Executor } from './executor.ts'
import { chatReply, type ChatOptions } from './conversation/chat.ts'
import { conversationExecutor } from './conversation/conversation.ts'
import { echoReply, offlineReply } from './conversation/offline.ts'

/** Runs wait for their turn, but not so many that a tenant without patience holds up the others. */
const patience = { seconds: 60, most: 4 }

/**
 * The graphs that are there without any of the project's own: `assistant` answers from the tenant's knowledge, `chat` by the
 * tenant's language model, and `echo` repeats.
 */
export function builtInExecutor(options: ChatOptions = {}): Executor {
  const replies = { assistant: offlineReply, chat: chatReply(options, patience), echo: echoReply }
  return { ...conversationExecutor(replies), isBuiltIn: true }
}
