import { MetastoreError } from '../../errors.ts'
import type { EmbeddingModel } from '../../store/store.ts'

/**
 * The same model for a server: its failures go to the log, once each, and for `pause` milliseconds after one it is not asked, so
 * that nobody waits for it in vain.
 */
export function sparingModel(model: EmbeddingModel, log: (error: Error) => void, pause: number): EmbeddingModel {
  let failure: Error | undefined
  let logged: Error | undefined
  let until = 0
  return {
    ...model,
    async embed(texts, use) {
      if (failure !== undefined && Date.now() < until) throw failure
      try {
        const vectors = await model.embed(texts, use)
        failure = undefined
        return vectors
      } catch (error) {
        // One text that it does not take says nothing of others.
        if (error instanceof MetastoreError && error.code === 'embedding_invalid') throw error
        failure = error instanceof Error ? error : new Error(String(error))
        until = Date.now() + pause
        throw failure
      }
    },
    onFailure(error) {
      if (error !== logged) log(error)
      logged = error
    },
  }
}
