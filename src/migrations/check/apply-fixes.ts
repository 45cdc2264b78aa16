import type { Edit, Fix } from '../../finding.ts'

/**
 * Applies fixes to a text, as many as do not get in each other's way; what two of them say alike is done once. The rest can be
 * found again in the result.
 */
export function applyFixes(
  text: string,
  fixes: readonly Fix[],
): { readonly text: string; readonly applied: readonly Fix[] } {
  const taken: Edit[] = []
  const applied: Fix[] = []
  for (const fix of fixes) {
    const added = fix.edits.filter((edit) => !taken.some((other) => isSame(edit, other)))
    if (added.some((edit) => taken.some((other) => overlap(edit, other)))) continue
    taken.push(...added)
    applied.push(fix)
  }
  // From the end on, so that offsets stay what they are; of two at one place, the one that was asked for first comes first.
  const sorted = taken
    .map((edit, index) => ({ edit, index }))
    .sort((a, b) => b.edit.start - a.edit.start || b.index - a.index)
  const result = sorted.reduce((all, { edit }) => all.slice(0, edit.start) + edit.text + all.slice(edit.end), text)
  return { text: result, applied }
}

function isSame(one: Edit, other: Edit): boolean {
  return one.start === other.start && one.end === other.end && one.text === other.text
}

function overlap(one: Edit, other: Edit): boolean {
  return one.start < other.end && other.start < one.end
}
