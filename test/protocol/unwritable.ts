import type { Execution, Executor } from '../../src/server/server.ts'
import { notebook } from './notebook.ts'

/** A graph that writes a checkpoint which no database takes, and goes on. */
export const unwritable: Executor = {
  ...notebook(),
  graphIds: ['unwritable'],
  async *run({ checkpoints, threadId, runId, durability }: Execution) {
    const id = '1f0c1e5e-0000-6000-8000-000000000001'
    const put = checkpoints.put({
      thread_id: threadId,
      checkpoint_ns: '',
      checkpoint_id: id,
      parent_checkpoint_id: null,
      checkpoint: { v: 4, id, channel_versions: { 'a\0b': '1' } },
      metadata: {},
      run_id: runId,
      channels: [],
    })
    if (durability === 'sync') await put
    yield { event: 'values', data: { told: true } }
  },
  state: () => Promise.resolve(undefined),
}
