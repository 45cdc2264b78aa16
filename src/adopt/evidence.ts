import { compareObject, objects, type Catalog, type CatalogObject, type Change } from '../catalog/catalog.ts'
import type { MigrationFile } from '../migrations/migrations.ts'
import { changesBetween, type ReplayedFile, type ShadowStep } from '../shadow/shadow.ts'

/** What a live database shows of one migration. */
export interface MigrationEvidence {
  readonly name: string
  readonly path: string
  /**
   * `in_effect`: all that it makes is there, or what a later one made of it. `partly`: some is, or is something else.
   * `not_in_effect`: nothing is. `unverifiable`: the schema does not show it.
   */
  readonly verdict: 'in_effect' | 'partly' | 'not_in_effect' | 'unverifiable'
  /** Keys of objects, as `column public.runs.id`, that are as it has left them. */
  readonly there: readonly string[]
  /** Keys of what is as it was before it. */
  readonly missing: readonly string[]
  /** Keys of what is neither. */
  readonly different: readonly string[]
  /** Why nothing can be said, as a phrase; null where something can. */
  readonly reason: string | null
}

/** What the evidence is taken from. Everything is data. */
export interface EvidenceInput {
  readonly files: readonly MigrationFile[]
  readonly start: Catalog
  /** In the order in which the files could be applied. */
  readonly steps: readonly ShadowStep[]
  readonly replayed: readonly ReplayedFile[]
  readonly live: Catalog
  /** Whether a difference between what was expected and what is live says nothing. */
  readonly ignoreChange: (expected: CatalogObject, change: Change) => boolean
}

/** The states that an object has had, from before the first file on, and which of them the live one can be in. */
interface History {
  readonly values: (CatalogObject | null)[]
  /** The migration that led to each state but the first. */
  readonly by: string[]
  /** Indexes of `values` that the live object is like; fewer with everything that is found out. */
  possible: Set<number>
  isLive: boolean
}

/** What a live database shows of each migration, in the order of the files. Pure. */
export function evidenceOf(input: EvidenceInput): readonly MigrationEvidence[] {
  const histories = historiesOf(input)
  const touched = new Map<string, string[]>()
  for (const [key, { by }] of histories) {
    for (const name of by) touched.set(name, [...(touched.get(name) ?? []), key])
  }
  const judge = (): readonly MigrationEvidence[] =>
    input.files.map((file) => evidenceFor(file, touched.get(file.name) ?? [], histories, input))
  // What one migration proves can rule out a state for another: a dropped column was there once its table was made.
  for (let evidence = judge(); ;) {
    if (!narrow(histories, evidence)) return evidence
    evidence = judge()
  }
}

function historiesOf({ start, steps, live, ignoreChange }: EvidenceInput): Map<string, History> {
  const [before, actual] = [byKey(start), byKey(live)]
  const histories = new Map<string, History>()
  for (const { name, before: old, after } of steps) {
    if (old === after) continue
    const { created, changed, removed } = changesBetween(old, after)
    const now = byKey(after)
    for (const key of [...created, ...changed, ...removed]) {
      const history = histories.get(key) ?? {
        values: [before.get(key) ?? null],
        by: [],
        possible: new Set(),
        isLive: false,
      }
      history.values.push(now.get(key) ?? null)
      history.by.push(name)
      histories.set(key, history)
    }
  }
  for (const [key, history] of histories) {
    const found = actual.get(key) ?? null
    history.isLive = found !== null
    history.values.forEach((value, index) => {
      if (isLike(value, found, ignoreChange)) history.possible.add(index)
    })
  }
  return histories
}

function byKey(catalog: Catalog): Map<string, CatalogObject> {
  return new Map([...objects(catalog)].map((object) => [object.key, object]))
}

function isLike(
  expected: CatalogObject | null,
  actual: CatalogObject | null,
  ignoreChange: EvidenceInput['ignoreChange'],
): boolean {
  if (expected === null || actual === null) return expected === actual
  return (compareObject(expected, actual)?.changes ?? []).every((change) => ignoreChange(expected, change))
}

function evidenceFor(
  { name, path }: MigrationFile,
  keys: readonly string[],
  histories: ReadonlyMap<string, History>,
  { replayed }: EvidenceInput,
): MigrationEvidence {
  const [there, missing, different]: [string[], string[], string[]] = [[], [], []]
  for (const key of keys) {
    const history = histories.get(key)
    if (history === undefined) continue
    const state = stateOf(history, name)
    if (state === 'there') there.push(key)
    else if (state === 'missing') missing.push(key)
    else if (state === 'different') different.push(key)
  }
  const found = { name, path, there, missing, different }
  if (different.length > 0 || (there.length > 0 && missing.length > 0))
    return { ...found, verdict: 'partly', reason: null }
  if (there.length > 0) return { ...found, verdict: 'in_effect', reason: null }
  if (missing.length > 0) return { ...found, verdict: 'not_in_effect', reason: null }
  const outcome = replayed.find((one) => one.name === name)?.outcome
  const reason =
    outcome === 'failed' || outcome === 'unverified'
      ? 'it does not run on an empty database'
      : keys.length > 0
        ? 'a later one takes it all back'
        : 'it changes nothing of the schema'
  return { ...found, verdict: 'unverifiable', reason }
}

function stateOf({ possible, by, isLive }: History, name: string): 'there' | 'missing' | 'different' | 'unclear' {
  if (possible.size === 0) return isLive ? 'different' : 'missing'
  const after = by.indexOf(name) + 1
  const reached = [...possible].filter((index) => index >= after).length
  return reached === possible.size ? 'there' : reached === 0 ? 'missing' : 'unclear'
}

function narrow(histories: ReadonlyMap<string, History>, evidence: readonly MigrationEvidence[]): boolean {
  const verdicts = new Map(evidence.map(({ name, verdict }) => [name, verdict]))
  let isNarrower = false
  for (const history of histories.values()) {
    if (history.possible.size < 2) continue
    const left = [...history.possible].filter((index) =>
      history.by.every((name, place) => {
        const verdict = verdicts.get(name)
        return index > place ? verdict !== 'not_in_effect' : verdict !== 'in_effect'
      }),
    )
    if (left.length === 0 || left.length === history.possible.size) continue
    history.possible = new Set(left)
    isNarrower = true
  }
  return isNarrower
}
