import { defineAction } from '../declaration.ts'
import { sqlText } from '../schema.ts'

/** SQL of the author's own. */
export const custom = defineAction({
  type: 'custom',
  summary: 'runs SQL of your own in each phase',
  keys: {
    start: sqlText('script', 'the statements that run at start').optional(),
    complete: sqlText('script', 'the statements that run at completion').optional(),
    abort: sqlText(
      'script',
      'the statements that run when the migration is aborted, to undo those of start',
    ).optional(),
  },
  template: { start: 'SELECT 1', complete: 'SELECT 1', abort: 'SELECT 1' },
})
