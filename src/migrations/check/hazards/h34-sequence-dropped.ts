import type { Hazard } from '../hazard.ts'
import { dropped, shown } from '../tree.ts'

/** A sequence that is dropped. */
export const sequenceDropped: Hazard = {
  id: 'H34',
  code: 'sequence_dropped',
  title: 'a sequence dropped',
  severity: 'P1',
  why: 'How far it had counted is gone: a new one begins anew, and gives out numbers that are taken. What still calls it fails.',
  remedy:
    'Make sure that no default and no program uses it; to take another, continue it with setval from the largest number there is.',
  silence: 'For a sequence that is new in the same file or among the pending ones.',
  needs: ['S', 'C'],
  detect: ({ node }, scene) =>
    dropped(node, 'OBJECT_SEQUENCE')
      .filter((sequence) => !scene.isNewObject(sequence))
      .map((sequence) => ({ object: shown(sequence), message: `What ${shown(sequence)} has counted is lost.` })),
}
