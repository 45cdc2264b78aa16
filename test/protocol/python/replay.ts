import { randomUUID } from 'node:crypto'
import { type Answer, answerHeaders, type Exchange, parseEvents, type StreamedEvent } from './exchange.ts'
import { activeStatuses, isTime, mapTexts } from './names.ts'

const anyName = /\{[a-z_]+_\d+\}/g

/** What the names of a recording stand for this time. */
export type Bindings = Map<string, string>

/** Asks a server again what was asked when it was recorded, and gives what is different in its answer. */
export async function replay(url: string, { request, response }: Exchange, bindings: Bindings): Promise<string[]> {
  // A name that no answer has told of is of an id that the client has made.
  const bound = (text: string): string =>
    text.replace(anyName, (name) => {
      if (!bindings.has(name)) bindings.set(name, randomUUID())
      return bindings.get(name) ?? name
    })
  const { method, path, headers, body } = mapTexts(request, bound) as Exchange['request']
  const leave = new AbortController()
  const answer = await fetch(url + path, {
    method,
    headers,
    signal: leave.signal,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  const told: Answer = {
    status: answer.status,
    headers: Object.fromEntries(answerHeaders.flatMap((name) => pair(name, answer.headers.get(name)))),
    ...(response.events === undefined
      ? bodyOf(await answer.text())
      : { events: await readEvents(answer, response.left === true ? response.events.length : Infinity) }),
  }
  leave.abort()
  const { left: _, ...expected } = response
  return differences(expected, told, bindings)
}

const pair = (name: string, value: string | null): [string, string][] => (value === null ? [] : [[name, value]])

const bodyOf = (text: string): { body?: unknown } => (text.trim() === '' ? {} : { body: JSON.parse(text) as unknown })

/** The events of a stream to its end, or the first so many of one that somebody leaves. */
async function readEvents(answer: Response, most: number): Promise<StreamedEvent[]> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const chunk of answer.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true })
    if (parseEvents(text).length >= most) break
  }
  return parseEvents(text).slice(0, most)
}

/**
 * What is not as it was recorded. An object may have more than was recorded, a list may not; names are bound to what they meet
 * first, and mean the same from then on.
 */
export function differences(expected: unknown, actual: unknown, bindings: Bindings, at = 'answer'): string[] {
  if (typeof expected === 'string') return isMet(expected, actual, bindings) ? [] : [different(at, expected, actual)]
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual) || actual.length !== expected.length) return [different(at, expected, actual)]
    return expected.flatMap((each, index) => differences(each, actual[index], bindings, `${at}[${index}]`))
  }
  if (typeof expected !== 'object' || expected === null) {
    return Object.is(expected, actual) ? [] : [different(at, expected, actual)]
  }
  if (typeof actual !== 'object' || actual === null || Array.isArray(actual)) return [different(at, expected, actual)]
  return differentKeys(expected, actual as Readonly<Record<string, unknown>>, bindings, at)
}

function differentKeys(
  expected: object,
  actual: Readonly<Record<string, unknown>>,
  bindings: Bindings,
  at: string,
): string[] {
  return Object.entries(expected).flatMap(([name, value]) => {
    // A key may be an id, too: the first that nothing else has been called by yet.
    const isBound = !anyName.test(name) || bindings.has(name)
    const key = isBound ? (bindings.get(name) ?? name) : Object.keys(actual).find((each) => isFree(each, bindings))
    if (key !== undefined && !isBound) bindings.set(name, key)
    if (key === undefined || !Object.hasOwn(actual, key)) return [`${at} has no ${name}`]
    return differences(value, actual[key], bindings, `${at}.${name}`)
  })
}

const isFree = (id: string, bindings: Bindings): boolean => ![...bindings.values()].includes(id)

function isMet(expected: string, actual: unknown, bindings: Bindings): boolean {
  if (expected === '{active}') return activeStatuses.includes(actual)
  if (typeof actual !== 'string') return false
  if (expected === '{time}') return isTime(actual)
  const names = expected.match(anyName) ?? []
  const pattern = expected.split(anyName).map(escaped).join('(.+?)')
  const found = new RegExp(`^${pattern}$`, 's').exec(actual)
  if (found === null) return false
  return names.every((name, index) => {
    const value = found[index + 1] ?? ''
    if (!bindings.has(name)) bindings.set(name, value)
    return bindings.get(name) === value
  })
}

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

const different = (at: string, expected: unknown, actual: unknown): string =>
  `${at} is ${JSON.stringify(actual)}, and was ${JSON.stringify(expected)}`
