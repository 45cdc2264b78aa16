import { invalid, type StateProjection, type TenantStore } from '../../store/store.ts'
import type { Executor, StateQuery, ThreadState } from '../executors/executor.ts'

/** The state of a thread that has none yet. */
export const noState: ThreadState = {
  values: {},
  next: [],
  tasks: [],
  metadata: {},
  created_at: null,
  checkpoint: null,
  parent_checkpoint: null,
  interrupts: [],
}

/** The state of a thread; undefined when it has none, or this server does not know its graph. Throws `not_found` for the thread. */
export async function stateOfThread(
  executors: readonly Executor[],
  store: TenantStore,
  place: Pick<StateQuery, 'threadId' | 'checkpoint'>,
): Promise<ThreadState | undefined> {
  const { graph_id: graphId } = await store.threads.get(place.threadId)
  const executor = executors.find(({ graphIds }) => graphId !== null && graphIds.includes(graphId))
  return graphId === null ? undefined : executor?.state({ store, graphId, ...place })
}

/** What the row of a thread keeps of its newest state. */
export function projectionOf({ values, next, tasks }: ThreadState): StateProjection {
  const asking = tasks.filter(({ interrupts }) => interrupts.length > 0)
  const interrupts = Object.fromEntries(
    asking.map(({ id, interrupts }) => [id, interrupts.map((one) => ({ id: one.id, value: one.value ?? null }))]),
  )
  return { values, next, interrupts: interrupts as StateProjection['interrupts'] }
}

/** The parts of a state that were asked for: `next`, or `values.messages` for one of its values. Throws `request_invalid`. */
export function selectedState(state: ThreadState, select: readonly string[] | null | undefined): Partial<ThreadState> {
  if (select === null || select === undefined) return state
  for (const [index, path] of select.entries()) {
    if (!Object.hasOwn(noState, path) && !path.startsWith('values.')) {
      throw invalid(
        `select[${index}]`,
        `A state has no ${JSON.stringify(path)}: it has ${Object.keys(noState).join(', ')}.`,
      )
    }
  }
  const parts = Object.entries(state).filter(([key]) => select.includes(key))
  if (select.includes('values')) return Object.fromEntries(parts)
  const keys = select.filter((path) => path.startsWith('values.')).map((path) => path.slice('values.'.length))
  if (keys.length === 0) return Object.fromEntries(parts)
  const values = Object.entries(state.values ?? {}).filter(([key]) => keys.includes(key))
  return Object.fromEntries([...parts, ['values', Object.fromEntries(values)]])
}
