import type { Exchange } from './exchange.ts'

const anyUuid = /[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}/g
const anyHash = /^[0-9a-f]{32}$/
const anyTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+00:00)$/

/** Whether a text is a time as the server writes it. */
export const isTime = (text: string): boolean => anyTime.test(text)

/** Statuses of a run that has not ended: which of them it is depends on the moment. */
export const activeStatuses: readonly unknown[] = ['pending', 'running']

/**
 * Gives what is different each time a name: ids by the key that they are first found at, times, and whether a run has begun.
 * `constants` are ids that are always the same.
 */
export function nameIds(exchanges: readonly Exchange[], constants: ReadonlySet<string>): Exchange[] {
  const names = new Map<string, string>()
  const counts = new Map<string, number>()
  const note = (id: string, kind: string): void => {
    if (constants.has(id) || names.has(id)) return
    counts.set(kind, (counts.get(kind) ?? 0) + 1)
    names.set(id, `{${kind}_${counts.get(kind)}}`)
  }
  for (const { request, response } of exchanges) {
    visit([request.path, request.body, response], (text, key) => {
      if (anyHash.test(text)) note(text, kindOf(key))
      for (const [id] of text.matchAll(anyUuid)) note(id, text === id ? kindOf(key) : kindWithin(text, id))
    })
  }
  const named = (text: string): string => names.get(text) ?? text.replace(anyUuid, (id) => names.get(id) ?? id)
  return exchanges.map(({ request, response }) => ({
    request: mapTexts(request, named) as Exchange['request'],
    response: mapTexts(response, (text, key) => {
      if (key === 'status' && activeStatuses.includes(text)) return '{active}'
      return isTime(text) ? '{time}' : named(text)
    }) as Exchange['response'],
  }))
}

const kindOf = (key: string): string => (/^[a-z_]+_id$/.test(key) ? key.slice(0, -'_id'.length) : 'id')

/** What an id is of in a path, such as `/threads/ID`. */
function kindWithin(text: string, id: string): string {
  return /([a-z]+)s\/$/.exec(text.slice(0, text.indexOf(id)))?.[1] ?? 'id'
}

function visit(value: unknown, note: (text: string, key: string) => void, key = ''): void {
  if (typeof value === 'string') note(value, key)
  else if (Array.isArray(value)) for (const each of value) visit(each, note, key)
  else if (typeof value === 'object' && value !== null) {
    for (const [name, each] of Object.entries(value)) {
      note(name, key)
      visit(each, note, name)
    }
  }
}

/** The same value with other texts; those that keys are as well. */
export function mapTexts(value: unknown, change: (text: string, key: string) => string, key = ''): unknown {
  if (typeof value === 'string') return change(value, key)
  if (Array.isArray(value)) return value.map((each) => mapTexts(each, change, key))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [change(name, ''), mapTexts(each, change, name)]),
  )
}
