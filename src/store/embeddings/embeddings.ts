import { MetastoreError } from '../../errors.ts'

/** A model that turns texts into numbers: the nearer the numbers, the nearer the meanings. */
export interface EmbeddingModel {
  /** Which it is, with everything that its numbers depend on: those of two names are never compared. */
  readonly name: string
  /** The paths of an item's texts that are found by their meaning, where the item does not say; all of it unless said. */
  readonly fields?: readonly string[] | undefined
  /** The numbers of each text, which is to be kept, or is what is searched for. */
  embed(texts: readonly string[], use: 'keep' | 'search'): Promise<readonly (readonly number[])[]>
  /** Told of a failure of the model, after which the store does without it for now. Without this, the caller gets the failure. */
  readonly onFailure?: ((error: Error) => void) | undefined
}

/** The model of a store. */
export interface Embedding {
  readonly model: EmbeddingModel
  /** Whether it is asked now; in a transaction that others wait for it is not. */
  readonly asks: boolean
}

/** How many numbers the database keeps of a text. Fewer are filled up with zeros, which changes no angle. */
export const mostDimensions = 1536

/** How much of a text a model is told: they take some 8,000 tokens, and a character is at most about one. */
const longestText = 8000

/** How many texts a model is asked about at once. */
const textsAtOnce = 64

/**
 * What a model says of each text, as PostgreSQL writes vectors; undefined when it has failed and somebody was told. Throws
 * `embedding_invalid`.
 */
export async function embedded(
  model: EmbeddingModel,
  texts: readonly string[],
  use: 'keep' | 'search',
): Promise<readonly string[] | undefined> {
  const vectors: string[] = []
  try {
    for (let start = 0; start < texts.length; start += textsAtOnce) {
      const some = texts.slice(start, start + textsAtOnce).map(beginningOf)
      const answers = await model.embed(some, use)
      if (answers.length !== some.length) throw otherCount(model, some.length, answers.length)
      vectors.push(...answers.map((numbers) => vectorOf(model, numbers)))
    }
  } catch (error) {
    if (model.onFailure === undefined) throw error
    model.onFailure(error instanceof Error ? error : new Error(String(error)))
    return undefined
  }
  return vectors
}

/** The beginning of a text that a model is told, without half of a character at its end. */
export function beginningOf(text: string): string {
  return text.slice(0, longestText).replace(/[\uD800-\uDBFF]$/, '')
}

function vectorOf(model: EmbeddingModel, numbers: readonly number[]): string {
  if (!isVector(numbers)) {
    throw embeddingInvalid(
      `The embedding model ${model.name} gives something else than numbers.`,
      'Look at the address and the name of the model.',
    )
  }
  if (numbers.length > mostDimensions) {
    throw embeddingInvalid(
      `The embedding model ${model.name} gives ${numbers.length} numbers for a text, and the database keeps ${mostDimensions} at most.`,
      `Have it give ${mostDimensions} or fewer where it can be told how many, or choose another model.`,
    )
  }
  return `[${[...numbers, ...Array<number>(mostDimensions - numbers.length).fill(0)].join(',')}]`
}

// Whatever a program or a service gives comes here.
function isVector(given: unknown): given is readonly number[] {
  return Array.isArray(given) && given.length > 0 && given.every((number) => Number.isFinite(number))
}

function otherCount(model: EmbeddingModel, asked: number, given: number): MetastoreError {
  return embeddingInvalid(
    `The embedding model ${model.name} was given ${asked} texts, and gives numbers for ${given}.`,
    'Have it give one list of numbers for each text.',
  )
}

function embeddingInvalid(message: string, remedy: string): MetastoreError {
  return new MetastoreError({ code: 'embedding_invalid', message, remedy })
}
