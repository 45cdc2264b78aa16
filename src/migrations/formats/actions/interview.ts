import * as z from 'zod'
import { nearest } from '../../../nearest.ts'
import { actionFile, actionTypes, declarationOf } from './declarations.ts'
import { sqlKinds, type Complaint } from './schema.ts'
import {
  elementOf,
  isDeprecated,
  isOptional,
  keysOf,
  kindOf,
  meaningOf,
  optionsOf,
  wordsOf,
  type Schema,
} from './schema-walk.ts'
import { shapeProblems } from './shape-problems.ts'
import { sqlFaults } from './sql-faults.ts'
import { tomlNotation } from './toml-document.ts'
import { listed } from './unknown-keys.ts'

/** Answers by their keys. */
export type Answers = Readonly<Record<string, unknown>>

/** Somebody who is asked what an action does. */
export interface Interviewee {
  /** Asks for a line; an empty one says nothing. Throws `canceled`. */
  readonly ask: (question: string) => Promise<string>
  readonly tell: (line: string) => void
  /** The names that a key can have, after what was answered before; empty where any will do, or nobody knows. */
  readonly known: (key: string, answers: Answers) => readonly string[]
}

/**
 * Asks for everything that an action needs, in the order of its declaration, and offers the rest. What cannot be is told at once
 * and asked again, so that the action which comes back parses. Throws `usage` for a type that there is not, and `canceled`.
 */
export async function interviewAction(type: string, who: Interviewee): Promise<Answers> {
  const { schema, summary, template } = declarationOf(type)
  who.tell(`${type} ${summary}.`)
  for (;;) {
    const action = { type, ...(await askTable(schema, { label: '', template, around: { type }, who })) }
    const data = { actions: [action] }
    const { error } = actionFile.safeParse(data)
    if (error === undefined) return action
    const reading = { schema: actionFile, data, notation: tomlNotation, types: actionTypes }
    for (const { message, remedy } of shapeProblems(reading, error.issues)) who.tell(`${message} ${remedy}`)
  }
}

/** What is asked for, and of whom. */
interface Topic {
  /** The keys that lead there, as the questions have them. */
  readonly label: string
  /** What a new file has there. */
  readonly template: unknown
  /** What was answered around it. */
  readonly around: Answers
  readonly who: Interviewee
  /** It was not said to be wanted, so that an empty answer leaves it out. */
  readonly isOptional?: boolean
}

type Key = readonly [key: string, schema: Schema]

async function askTable(schema: Schema, { label, template, around, who }: Topic): Promise<Answers> {
  const answers: Record<string, unknown> = {}
  const usual = templateOf(template)
  const ask = async ([key, value]: Key, isWanted: boolean) => {
    const answer = await askValue(value, key, {
      label: label === '' ? key : `${label}.${key}`,
      template: usual[key],
      around: { ...around, ...answers },
      who,
      isOptional: !isWanted && isOptional(value),
    })
    if (answer !== undefined) answers[key] = answer
  }
  // The type of an action is known; columns and indexes have one of another kind.
  const offered = (keysOf(schema) ?? []).filter(
    ([key, value]) => !(label === '' && key === 'type') && !isDeprecated(value),
  )
  const isUsual = ([key, value]: Key) => !isOptional(value) || Object.hasOwn(usual, key)
  for (const key of offered.filter(isUsual)) await ask(key, false)
  let further = offered.filter((key) => !isUsual(key))
  while (further.length > 0) {
    const names = further.map(([key]) => key)
    const what = label === '' ? 'Further keys' : `Further keys of ${label}`
    const chosen = await who.ask(`${what}: ${listed(names)}. Which one? (Enter for none)`)
    if (chosen === '') break
    const key = further.find(([name]) => name === chosen)
    if (key === undefined) who.tell(unknownName(`There is no key ${chosen}.`, chosen, names))
    else {
      await ask(key, true)
      further = further.filter((other) => other !== key)
    }
  }
  return answers
}

// A new file shows several elements of a list where they differ; the last is the plain one.
function templateOf(template: unknown): Answers {
  const one: unknown = Array.isArray(template) ? template.at(-1) : template
  return typeof one === 'object' && one !== null ? (one as Answers) : {}
}

async function askValue(schema: Schema, key: string, topic: Topic): Promise<unknown> {
  const options = optionsOf(schema)
  const [list, table, map] = (['list', 'table', 'map'] as const).map((kind) =>
    options.find((option) => kindOf(option) === kind),
  )
  if (list !== undefined) return askList(schema, list, key, topic)
  if (map !== undefined) return askMap(schema, map, topic)
  if (options.every((option) => kindOf(option) === 'boolean')) return askBoolean(schema, topic)
  if (table !== undefined && options.length === 1) {
    topic.who.tell(`${topic.label}: ${meaningOf(schema)}`)
    const answers = await askTable(table, topic)
    return topic.isOptional === true && Object.keys(answers).length === 0 ? undefined : answers
  }
  return askText(schema, key, { topic, meaning: meaningOf(schema), table })
}

/** How a line of text is asked for. */
interface TextQuestion {
  readonly topic: Topic
  readonly meaning: string
  /** What may be said instead of a text, part by part. */
  readonly table: Schema | undefined
  /** What an empty answer means, where it does not leave the key out. */
  readonly whenDone?: string
}

async function askText(schema: Schema, key: string, { topic, meaning, table, whenDone }: TextQuestion) {
  const { label, around, who } = topic
  const known = who.known(key, around)
  const words = wordsOf(schema) ?? (known.length <= mostShown ? known : [])
  const hints = [
    ...(words.length > 0 ? [words.join(', ')] : []),
    ...(table === undefined ? [] : ['+ to say it in parts']),
    ...(topic.isOptional === true ? [whenDone ?? 'Enter for none'] : []),
  ]
  const question = `  ${label}: ${meaning}${hints.length > 0 ? ` (${hints.join('; ')})` : ''}:`
  for (;;) {
    const answer = await who.ask(question)
    if (answer === '' && topic.isOptional === true) return undefined
    if (answer === '+' && table !== undefined) return askTable(table, { ...topic, isOptional: false })
    const wrong = answer === '' ? 'It has to be said.' : await complaintOf(schema, answer)
    if (wrong !== undefined) who.tell(`  ${wrong}`)
    else if (known.length === 0 || known.includes(answer)) return answer
    else {
      who.tell(`  ${unknownName(`The migrations make no ${answer}.`, answer, known)}`)
      if (isYes(await who.ask(`  Take ${answer} all the same? [y/N]`))) return answer
    }
  }
}

// More names than these are no help in a question.
const mostShown = 12

async function complaintOf(schema: Schema, answer: string): Promise<string | undefined> {
  const words = wordsOf(schema)
  if (words !== undefined)
    return z.safeParse(schema, answer).success ? undefined : `It is one of ${listed(words, 'or')}.`
  const option = optionsOf(schema).find((one) => kindOf(one) === 'string') ?? schema
  const [issue] = z.safeParse(option, answer).error?.issues ?? []
  if (issue?.code === 'custom') return complaint(issue.params as unknown as Complaint)
  const kind = sqlKinds.get(option)?.kind
  const [fault] = kind === undefined ? [] : await sqlFaults(kind, answer)
  return fault && complaint(fault)
}

function complaint({ verdict, remedy }: Complaint): string {
  return `It ${verdict}. ${remedy}`
}

async function askBoolean(schema: Schema, { label, who, isOptional: mayBeMissing }: Topic) {
  const question = `  ${label}: ${meaningOf(schema)} (y or n${mayBeMissing === true ? '; Enter for none' : ''}):`
  for (;;) {
    const answer = await who.ask(question)
    if (answer === '' && mayBeMissing === true) return undefined
    if (/^(?:y|yes|true)$/i.test(answer)) return true
    if (/^(?:n|no|false)$/i.test(answer)) return false
    who.tell('  Answer y or n.')
  }
}

async function askList(schema: Schema, list: Schema, key: string, topic: Topic) {
  const { label, who } = topic
  const [element] = elementOf(list)
  if (element === undefined) return undefined
  const least = topic.isOptional === true || z.safeParse(list, []).error === undefined ? 0 : 1
  const table = optionsOf(element).find((option) => kindOf(option) === 'table')
  const isTable = optionsOf(element).length === 1 && table !== undefined
  const elements: unknown[] = []
  for (;;) {
    const number = elements.length + 1
    const inside: Topic = { ...topic, label: `${label} ${number}`, isOptional: number > least }
    if (isTable) {
      const question = `  ${label}: ${meaningOf(schema)}. ${number === 1 ? 'One' : 'Another one'}? [y/N]`
      if (number > least && !isYes(await who.ask(question))) break
      elements.push(await askTable(table, inside))
    } else {
      const meaning = number === 1 ? meaningOf(schema) : 'the next one'
      const answer = await askText(element, key, { topic: inside, meaning, table, whenDone: 'Enter when done' })
      if (answer === undefined) break
      elements.push(answer)
    }
  }
  return elements.length === 0 && topic.isOptional === true ? undefined : elements
}

async function askMap(schema: Schema, map: Schema, topic: Topic) {
  const { label, who } = topic
  const values: Record<string, unknown> = {}
  const [value] = elementOf(map)
  if (value === undefined) return undefined
  for (;;) {
    const key = await who.ask(`  ${label}: ${meaningOf(schema)}. For which? (Enter when done)`)
    if (key === '') break
    const question = { topic: { ...topic, label: `${label}.${key}`, isOptional: false }, table: undefined }
    values[key] = await askText(value, '', { ...question, meaning: meaningOf(value) })
  }
  return topic.isOptional === true && Object.keys(values).length === 0 ? undefined : values
}

function isYes(answer: string): boolean {
  return /^y(?:es)?$/i.test(answer)
}

function unknownName(message: string, name: string, names: readonly string[]): string {
  const close = nearest(name, names)
  return close === undefined ? message : `${message} Did you mean ${close}?`
}
