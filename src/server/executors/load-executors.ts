import type { Decryption } from '../../store/store.ts'
import type { AnswerChat } from '../chat/chat.ts'
import type { Executor } from './executor.ts'
import { builtInExecutor } from './built-in.ts'
import { chatAnswer } from './conversation/chat-answer.ts'
import { graphFileExecutors, type LoadModule } from './graph-files.ts'

/** What executors are made of. */
export interface ExecutorOptions {
  /** The absolute path of a langgraph.json, if there is one. */
  readonly graphs: string | undefined
  /** Loads the modules that it names. */
  readonly load: LoadModule
  /** Decrypts the keys of tenants for language models; without it, the built-in assistant answers from their knowledge. */
  readonly keys: Decryption | undefined
}

/**
 * The executors of a server: the project's own graphs, and those that are built in under names that it does not use. Throws
 * `graph_invalid`, `langgraph_missing`.
 */
export async function loadExecutors({ graphs, load, keys }: ExecutorOptions): Promise<readonly Executor[]> {
  const own = graphs === undefined ? [] : await graphFileExecutors(graphs, { load })
  const taken = new Set(own.flatMap(({ graphIds }) => graphIds))
  const builtIn = builtInExecutor({ keys })
  return [...own, { ...builtIn, graphIds: builtIn.graphIds.filter((graphId) => !taken.has(graphId)) }]
}

/** What answers in the chats of tenants: their language model where they have a key for one, else their knowledge. */
export function loadAnswer(keys: Decryption | undefined): AnswerChat {
  return chatAnswer({ keys })
}
