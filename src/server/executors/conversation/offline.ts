import type { TenantStore } from '../../../store/store.ts'
import type { ReplyRequest } from './conversation.ts'
import { type Message, textOf } from './messages.ts'

/** How many pieces of knowledge an answer is made of. */
const pieces = 3

/** Words that say nothing of what a question is about. */
const fillers = new Set(
  'a an and are about as at be by can could do does for from get give has have how i in is it its let me my of on or our please shall should some tell that the their them there they this to us was we were what when where which who whom whose why will with would you your'.split(
    ' ',
  ),
)

/** Answers from the tenant's knowledge, by the words of the question: the same question, the same answer. */
export async function* offlineReply({ store, messages }: ReplyRequest): AsyncGenerator<string> {
  const question = lastQuestion(messages)
  const found = await knowledgeFor(store, question)
  if (found.length === 0) {
    yield question.trim() === ''
      ? 'Ask me something, and I will look it up in the knowledge of this workspace.'
      : `I have found nothing about “${shortened(question)}” in the knowledge of this workspace. `
    if (question.trim() !== '') yield 'Try other words, or add a document that answers it.'
    return
  }
  yield 'This is what I have found:\n'
  for (const { title, content } of found) yield `\n- ${content.trim()} (${title})`
}

/** Repeats what was said. */
export async function* echoReply({ messages }: ReplyRequest): AsyncGenerator<string> {
  yield await Promise.resolve(lastQuestion(messages))
}

/** What the tenant's knowledge has on a question, the best first. */
export async function knowledgeFor(
  store: TenantStore,
  question: string,
): Promise<readonly { readonly title: string; readonly content: string }[]> {
  const words = question.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
  const telling = [...new Set(words.filter((word) => word.length > 1 && !fillers.has(word)))]
  return telling.length === 0 ? [] : store.knowledge.search(telling.join(' or '), pieces, question)
}

/** What the person has said last. */
export function lastQuestion(messages: readonly Message[]): string {
  const last = messages.findLast(({ type }) => type === 'human')
  return last === undefined ? '' : textOf(last)
}

function shortened(question: string): string {
  const line = question.trim().replaceAll(/\s+/g, ' ')
  return line.length <= 80 ? line : `${line.slice(0, 79)}…`
}
