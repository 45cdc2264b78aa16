import { MetastoreError } from '../../errors.ts'
import type { Context } from '../context.ts'
import type { Input } from '../input.ts'

/**
 * The context in which one member of a fleet is worked on, beside others: what it says is put under its name, in full only with
 * --verbose; nobody can be asked, because several would ask at once.
 */
export function memberContext(name: string, input: Input, context: Context): Context {
  const { output } = context
  const full = output.options.verbose
  return {
    ...context,
    output: {
      ...output,
      line: (text = '') => output.line(`${name}  ${text}`),
      heading: () => {},
      report: () => {},
      say: (text) => {
        if (full) output.say(`${name}  ${text}`)
      },
      note: (text) => output.note(`${name}  ${text}`),
      document: () => {},
      progress: (event) => {
        if (event.kind === 'notice') output.progress({ ...event, message: `${name}  ${event.message}` })
        else output.progress({ ...event, task: `${name}: ${event.task}` })
      },
    },
    confirm: (question) => {
      if (input.options['yes'] === true) return Promise.resolve(true)
      throw new MetastoreError({
        code: 'consent_needed',
        message: `${question} Members of a fleet are worked on side by side, so nobody is asked.`,
        where: name,
        remedy: 'Add --yes if that is meant.',
      })
    },
  }
}
