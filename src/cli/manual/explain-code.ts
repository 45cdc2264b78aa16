import { errorCodes, MetastoreError, type ErrorCode } from '../../errors.ts'
import { nearest } from '../../nearest.ts'
import { statusOfKind, type ExitStatus } from '../exit-status.ts'
import { listPages, readPage } from './manual.ts'

/** What the code of an error or a hazard means. */
export interface Explanation {
  readonly code: string
  readonly kind: 'error' | 'hazard'
  /** How a command ends that fails with it; null for a hazard. */
  readonly exitStatus: ExitStatus | null
  /** As Markdown. */
  readonly text: string
  /** The pages of the manual that speak of it. */
  readonly pages: readonly string[]
}

/** Explains a code, however it is spelled. Throws `document_unknown`. */
export async function explainCode(given: string): Promise<Explanation> {
  const code = given.replace(/^\[|\]$/g, '').toLowerCase()
  if (Object.hasOwn(errorCodes, code)) {
    const { kind, summary } = errorCodes[code as ErrorCode]
    const pages = await pagesAbout(code)
    return { code, kind: 'error', exitStatus: statusOfKind[kind], text: `# ${code}\n\n${summary}`, pages }
  }
  const { hazardOf, hazardPage, hazards } = await import('../../migrations/hazard-reference.ts')
  const hazard = hazardOf(given.toUpperCase()) ?? hazardOf(code)
  if (hazard === undefined) throw codeUnknown(given, [...Object.keys(errorCodes), ...hazards.map(({ code }) => code)])
  return { code: hazard.code, kind: 'hazard', exitStatus: null, text: hazardPage(hazard), pages: ['hazards'] }
}

async function pagesAbout(code: string): Promise<string[]> {
  const pages = await listPages()
  const texts = await Promise.all(pages.map((page) => readPage(page)))
  const spelling = new RegExp(`(?<!\\w)${code}(?!\\w)`)
  // A code that is also an ordinary word, such as usage, is meant only where it is marked as a code.
  const mark = code.includes('_') ? spelling : new RegExp(`[\`[]${code}[\`\\]]`)
  return pages.filter((_, index) => mark.test(texts[index] ?? ''))
}

function codeUnknown(given: string, known: readonly string[]): MetastoreError {
  const close = nearest(given.toLowerCase(), known)
  return new MetastoreError({
    code: 'document_unknown',
    message: `There is no error and no hazard with the code ${JSON.stringify(given)}.`,
    where: '--explain',
    remedy: `${close === undefined ? '' : `Did you mean ${close}? `}metastore docs errors and metastore docs hazards list what there is.`,
  })
}
