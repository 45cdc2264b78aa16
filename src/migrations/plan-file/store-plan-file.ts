import { readFile, writeFile } from 'node:fs/promises'
import { MetastoreError } from '../../errors.ts'
import type { PlanFile } from './plan-file.ts'
import { planFormat } from './plan-format.ts'

/** Writes a plan to a file, whatever was there before. Throws `file_unwritable`. */
export async function writePlanFile(path: string, shown: string, plan: PlanFile): Promise<void> {
  try {
    await writeFile(path, `${JSON.stringify(plan, null, 2)}\n`)
  } catch (cause) {
    throw new MetastoreError({
      code: 'file_unwritable',
      message: `${shown} cannot be written (${(cause as NodeJS.ErrnoException).code ?? String(cause)}).`,
      where: shown,
      remedy: 'Name a place that exists and may be written to.',
      cause,
    })
  }
}

/** Reads what `writePlanFile` wrote. Throws `file_unreadable`, `plan_invalid`. */
export async function readPlanFile(path: string, shown: string): Promise<PlanFile> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new MetastoreError({
      code: 'file_unreadable',
      message: `The plan ${shown} cannot be read (${(cause as NodeJS.ErrnoException).code ?? String(cause)}).`,
      where: shown,
      remedy: 'Check the path.',
      cause,
    })
  })
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch {
    throw invalid(shown, `${shown} is not JSON.`)
  }
  assertFormat(data, shown)
  const { planFileSchema } = await import('./plan-file.ts')
  const result = planFileSchema.safeParse(data)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const place = issue === undefined || issue.path.length === 0 ? 'its content' : issue.path.join('.')
  throw invalid(shown, `${shown} is no plan of metastore: ${place} is not what it should be.`)
}

// Told apart from a damaged file: whoever wrote it is right, and this version is too old or too new for it.
function assertFormat(data: unknown, shown: string): void {
  const format = typeof data === 'object' && data !== null && 'format' in data ? data.format : undefined
  if (typeof format !== 'number' || format === planFormat) return
  throw invalid(
    shown,
    `${shown} is a plan of format ${format}, and this version of metastore knows format ${planFormat}.`,
  )
}

function invalid(where: string, message: string): MetastoreError {
  return new MetastoreError({
    code: 'plan_invalid',
    message,
    where,
    remedy: 'Make the plan again with metastore plan --out, with the version of metastore that is to apply it.',
  })
}
