import type { ChatAnswer, ChatQuestion } from './chat.ts'

/** How many words of a question are looked for. */
const most = 30

/** Answers without a language model: with the piece of the tenant's documents that has most of the question's words. */
export async function answerFromKnowledge({ store, message }: ChatQuestion): Promise<ChatAnswer> {
  const words = message.content?.match(/[\p{L}\p{N}]+/gu)?.slice(0, most) ?? []
  const [best] = await store.knowledge.search(words.map((word) => `"${word}"`).join(' or '), 1, message.content ?? '')
  if (best === undefined) {
    return { content: 'I have found nothing on that. Ask for a person, and somebody will help.' }
  }
  return {
    content: `${best.content}\n\nFrom: ${best.title}`,
    metadata: { document_id: best.document_id, chunk_id: best.chunk_id },
  }
}
