import type { Execution } from './executor.ts'

/** What the metadata of a run's checkpoints says of where they belong. */
export function idsOf({
  runId,
  threadId,
  graphId,
  assistantId,
  attempt,
}: Execution): Readonly<
  Record<'run_id' | 'thread_id' | 'graph_id' | 'assistant_id', string> & { run_attempt: number }
> {
  return { run_id: runId, thread_id: threadId, graph_id: graphId, assistant_id: assistantId, run_attempt: attempt }
}
