import { renderAnnotations } from './annotations.ts'
import type { Checked } from './checked.ts'
import { renderCodeQuality } from './code-quality.ts'
import { renderComment } from './comment.ts'
import { renderSarif } from './sarif.ts'

/** What findings can be written as for other programs, by the word that `--format` takes. */
export const checkedFormats = ['github', 'gitlab', 'sarif', 'markdown'] as const

/** One of these words. */
export type CheckedFormat = (typeof checkedFormats)[number]

/** The findings in a format for a forge; without a line break at the end, and empty where the format has nothing to say. */
export async function renderChecked(format: CheckedFormat, checked: readonly Checked[]): Promise<string> {
  switch (format) {
    case 'github':
      return renderAnnotations(checked)
    case 'gitlab':
      return renderCodeQuality(checked)
    case 'markdown':
      return renderComment(checked).trimEnd()
    case 'sarif': {
      const { hazards } = await import('../../migrations/hazard-reference.ts')
      return renderSarif(checked, new Map(hazards.map(({ code, title }) => [code, title])))
    }
  }
}
