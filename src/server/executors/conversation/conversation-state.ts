import { nextVersion } from '../../../langgraph/langgraph.ts'
import { type CheckpointAccess, type JsonObject, notFound, type StoredCheckpoint } from '../../../store/store.ts'
import type { CheckpointReference, ThreadState } from '../executor.ts'
import { nextCheckpointId } from './checkpoint-id.ts'
import type { Message } from './messages.ts'

/** The only channel of a conversation. */
const channel = 'messages'

/** The only node of a conversation. */
export const node = 'assistant'

/** A conversation at one of its checkpoints. */
export interface Conversation {
  readonly messages: readonly Message[]
  /** Whether the assistant is to answer. */
  readonly waits: boolean
  /** Undefined before the first checkpoint. */
  readonly at: StoredCheckpoint | undefined
}

/** Which conversation, and where. */
export interface ConversationQuery {
  readonly checkpoints: CheckpointAccess
  readonly threadId: string
  readonly checkpoint?: Partial<CheckpointReference> | undefined
}

/** A conversation as it is, or as it was at a checkpoint. Throws `not_found` for a checkpoint that is not there. */
export async function readConversation({
  checkpoints,
  threadId,
  checkpoint,
}: ConversationQuery): Promise<Conversation> {
  const checkpointId = checkpoint?.checkpoint_id
  const found = await checkpoints.newest({ threadId, namespace: '', checkpointId })
  if (found !== undefined) return conversationAt(found)
  if (checkpointId !== undefined) throw notFound('checkpoint', checkpointId)
  return { messages: [], waits: false, at: undefined }
}

/** The conversation that a checkpoint keeps. */
export function conversationAt(found: StoredCheckpoint): Conversation {
  const stored = found.channels.find((each) => each.channel === channel)?.blob
  const messages = stored == null ? [] : (JSON.parse(Buffer.from(stored).toString('utf8')) as Message[])
  return { messages, waits: found.checkpoint['waits'] === true, at: found }
}

/** What becomes of a conversation. */
export interface Step {
  readonly threadId: string
  readonly before: Conversation
  readonly messages: readonly Message[]
  readonly waits: boolean
  readonly source: 'input' | 'loop' | 'update'
  readonly runId?: string | undefined
  readonly metadata: JsonObject
}

/** Writes a conversation's next checkpoint, in the form of LangGraph's own. */
export async function writeConversation(checkpoints: CheckpointAccess, step: Step): Promise<Conversation> {
  const { threadId, before, messages, waits, source, runId } = step
  const parent = before.at
  const versions = (parent?.checkpoint['channel_versions'] ?? {}) as Readonly<Record<string, string>>
  const version = nextVersion(versions[channel])
  const id = nextCheckpointId(parent?.checkpoint_id)
  const lastStep = parent?.metadata['step']
  const blob = { channel, version, type: 'json', blob: Buffer.from(JSON.stringify(messages)) }
  const head = {
    thread_id: threadId,
    checkpoint_ns: '',
    checkpoint_id: id,
    parent_checkpoint_id: parent?.checkpoint_id ?? null,
    checkpoint: {
      v: 4,
      id,
      ts: new Date().toISOString(),
      channel_versions: { [channel]: version },
      versions_seen: {},
      waits,
    },
    metadata: { ...step.metadata, source, step: typeof lastStep === 'number' ? lastStep + 1 : -1, parents: {} },
    channels: [blob],
  }
  await checkpoints.put({ ...head, run_id: runId })
  return { messages, waits, at: { ...head, reference: null, writes: [] } }
}

/** A conversation in the form of the protocol. */
export function stateOf({ messages, waits, at }: Conversation & { readonly at: StoredCheckpoint }): ThreadState {
  const { thread_id, parent_checkpoint_id } = at
  const place = (checkpoint_id: string) => ({ thread_id, checkpoint_ns: '', checkpoint_id, checkpoint_map: null })
  const task = { error: null, interrupts: [], checkpoint: null, state: null, result: null }
  return {
    values: { messages },
    next: waits ? [node] : [],
    tasks: waits ? [{ id: `${at.checkpoint_id}:${node}`, name: node, path: ['__pregel_pull', node], ...task }] : [],
    metadata: at.metadata,
    created_at: at.checkpoint['ts'] as string,
    checkpoint: place(at.checkpoint_id),
    parent_checkpoint: parent_checkpoint_id === null ? null : place(parent_checkpoint_id),
    interrupts: [],
  }
}
