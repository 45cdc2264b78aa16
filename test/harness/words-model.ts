import { createHash } from 'node:crypto'
import type { EmbeddingModel } from '../../src/store/store.ts'

/** What words of the same meaning count as. */
const same: Readonly<Record<string, string>> = { kitten: 'cat', feline: 'cat', automobile: 'car', vehicle: 'car' }

/** How many numbers the model gives of a text. */
const size = 1536

/** An embedding model that knows how many of its words two texts have in common, and a few that mean the same. */
export function embeddingOf(text: string, dimensions = size): number[] {
  const numbers = Array<number>(dimensions).fill(0)
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    const known = same[word] ?? word
    const place = createHash('sha256').update(known).digest().readUInt32BE(0) % dimensions
    numbers[place] = (numbers[place] ?? 0) + 1
  }
  return numbers
}

/** That model for a store, with every text that it was asked about; while it is broken it fails. */
export interface WordsModel extends EmbeddingModel {
  readonly asked: string[]
  broken: boolean
}

/** Makes one that gives so many numbers. */
export function wordsModel(options: Partial<EmbeddingModel> & { readonly dimensions?: number } = {}): WordsModel {
  const { dimensions, ...rest } = options
  const asked: string[] = []
  return {
    name: 'words',
    ...rest,
    asked,
    broken: false,
    embed(texts) {
      if (this.broken) return Promise.reject(new Error('The model sleeps.'))
      asked.push(...texts)
      return Promise.resolve(texts.map((text) => embeddingOf(text, dimensions)))
    },
  }
}
