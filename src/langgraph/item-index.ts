import { MetastoreError } from '../errors.ts'
import { type EmbeddingModel, isTextPath, mostDimensions } from '../store/store.ts'

/** What LangChain's embedding models have in common. */
export interface Embeddings {
  embedDocuments(texts: string[]): Promise<number[][]>
  embedQuery(text: string): Promise<number[]>
}

/** How items are found by their meaning, as LangGraph's stores are told. */
export interface ItemIndexConfig {
  /** How many numbers the model gives of a text; 1536 at most. */
  readonly dims: number
  readonly embeddings: Embeddings
  /** The paths of the texts that are looked into, where an item does not say: `title`, `parts[*].text`, or `$` for all, the default. */
  readonly fields?: readonly string[] | undefined
}

/** An index as a model of the store; `name` for a model that does not say which it is. Throws `embedding_invalid`. */
export function embeddingModel({ dims, embeddings, fields }: ItemIndexConfig, name = 'embeddings'): EmbeddingModel {
  if (!Number.isSafeInteger(dims) || dims < 1 || dims > mostDimensions) {
    throw embeddingInvalid(
      `The index of items has ${dims} dimensions, and the database keeps from 1 to ${mostDimensions} numbers of a text.`,
      'Choose a model of fewer dimensions, or have it give fewer, and say so in dims.',
    )
  }
  const odd = fields?.find((path) => !isTextPath(path))
  if (odd !== undefined) {
    throw embeddingInvalid(
      `The index of items names ${JSON.stringify(odd)}, which is no path of a text.`,
      'Write paths such as title, meta.title, parts[0].text, parts[*].text, or $ for all.',
    )
  }
  const model = `${nameOf(embeddings) ?? name}@${dims}`
  const checked = (vectors: readonly number[][]): readonly number[][] => {
    const other = vectors.find(({ length }) => length !== dims)
    if (other === undefined) return vectors
    throw embeddingInvalid(
      `The embedding model ${model} gives ${other.length} numbers for a text, and the index of items has ${dims} dimensions.`,
      `Say dims: ${other.length}, or have the model give ${dims}.`,
    )
  }
  return {
    name: model,
    fields,
    embed: async (texts, use) =>
      checked(
        use === 'search'
          ? await Promise.all(texts.map((text) => embeddings.embedQuery(text)))
          : await embeddings.embedDocuments([...texts]),
      ),
  }
}

// As the classes of LangChain say it.
function nameOf(embeddings: Embeddings): string | undefined {
  const { model, modelName } = embeddings as { readonly model?: unknown; readonly modelName?: unknown }
  return [model, modelName].find((said) => typeof said === 'string' && said !== '') as string | undefined
}

function embeddingInvalid(message: string, remedy: string): MetastoreError {
  return new MetastoreError({ code: 'embedding_invalid', message, remedy })
}
