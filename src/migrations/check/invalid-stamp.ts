import { orderName, stampOf } from '../../file-order.ts'
import type { Check } from './check-input.ts'

/** Leading digits that look like a date and are none. */
export const invalidStamp: Check = {
  code: 'invalid_stamp',
  severity: 'P2',
  summary: 'A number that is no date sorts before every date, so the migration comes first instead of last.',

  check: ({ files }) =>
    files.flatMap((file) => {
      const { path, name } = file
      const digits = /^(?:19|20)\d*/.exec(orderName(file))?.[0] ?? ''
      if (![8, 12, 14].includes(digits.length) || stampOf(orderName(file)) !== null) return []
      return [
        {
          file: path,
          object: name,
          message: `${digits} looks like a date or a time, but there is none such; so it counts as a plain number.`,
          remedy: 'Correct the date before the migration is applied anywhere.',
        },
      ]
    }),
}
