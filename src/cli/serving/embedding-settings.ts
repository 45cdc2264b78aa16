import { MetastoreError } from '../../errors.ts'
import type { ServerLog } from '../../server/server.ts'
import type { EmbeddingModel, Store } from '../../store/store.ts'
import type { Context, DatabaseEntry } from '../context.ts'

/**
 * The model by which items and documents are found by their meaning, of the settings or of the langgraph.json. From now on no output
 * shows its key. Throws `embedding_invalid`, `variable_missing`.
 */
export async function embeddingsOf(
  { settings }: DatabaseEntry,
  graphs: string | undefined,
  context: Context,
  log: ServerLog,
): Promise<EmbeddingModel | undefined> {
  const { loadEmbeddings } = await import('../../server/server.ts')
  const { loadScript } = await import('../../migrations/load-script.ts')
  const project = await context.project()
  return loadEmbeddings({
    settings: {
      url: settings.serverEmbeddingsUrl,
      model: settings.serverEmbeddingsModel,
      keyEnv: settings.serverEmbeddingsKeyEnv,
      size: settings.serverEmbeddingsSize,
      fields: settings.serverEmbeddingsFields,
    },
    graphs,
    load: loadScript,
    secret(name) {
      const value = project.variable(name)
      context.secrets.add(value)
      return value
    },
    log: (error) => log.failure(error, { about: 'embeddings' }),
  })
}

/** Says in the log that a model was named in vain, where the database keeps nothing of what it says. */
export async function warnWithoutVectors(store: Store, log: ServerLog): Promise<void> {
  if (store.embeddings === undefined) return
  const { keepsMeanings } = await import('../../store/store.ts')
  if (await store.admin.transaction(keepsMeanings)) return
  const error = new MetastoreError({
    code: 'not_supported',
    message: 'The database does not keep embeddings: words are looked for, and the model is not asked.',
    remedy: 'Install pgvector where the database is, and run metastore migrate.',
  })
  log.failure(error, { about: 'embeddings' })
}
