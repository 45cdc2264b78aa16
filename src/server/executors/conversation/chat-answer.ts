import type { AnswerChat, ChatQuestion } from '../../chat/chat.ts'
import { chatReply, type ChatOptions } from './chat.ts'
import type { Message } from './messages.ts'

/** How long a language model may take for an answer, in milliseconds. */
const patience = 120_000

const types: Readonly<Record<string, string>> = { user: 'human', assistant: 'ai', system: 'system' }

/** Whoever chats is told at once when to ask again. */
const none = { seconds: 0, most: 0 }

/** Answers in a chat as the graph `chat` does: with the tenant's language model, else from its knowledge. */
export function chatAnswer(options: ChatOptions): AnswerChat {
  const reply = chatReply(options, none)
  return async (question) => {
    const { store, agent } = question
    const context = agent.prompt === null ? {} : { system_prompt: agent.prompt }
    const signal = AbortSignal.timeout(patience)
    let content = ''
    for await (const piece of reply({ store, messages: saidBefore(question), config: {}, context, signal }))
      content += piece
    return { content }
  }
}

function saidBefore({ history, message }: ChatQuestion): Message[] {
  return [...history.filter(({ id }) => id !== message.id), message].flatMap(({ id, role, content }) => {
    const type = types[role]
    return type === undefined || content === null ? [] : [{ id, type, content }]
  })
}
