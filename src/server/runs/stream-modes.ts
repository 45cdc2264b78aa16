/** The stream modes that there are. */
export const streamModes = [
  'values',
  'updates',
  'messages',
  'messages-tuple',
  'custom',
  'events',
  'debug',
  'tasks',
  'checkpoints',
  'tools',
] as const

/** The mode that an event is of: `messages/partial` of messages, `messages` of messages-tuple, `updates|sub:1` of updates. */
function modeOf(event: string): string {
  const name = event.split('|')[0] ?? ''
  if (name === 'messages') return 'messages-tuple'
  return name.split('/')[0] ?? ''
}

/** Whether an event is of one of these modes. What tells how a run begins and fails is of every mode. */
export function isRequested(event: string, modes: readonly string[]): boolean {
  return event === 'metadata' || event === 'error' || modes.includes(modeOf(event))
}
