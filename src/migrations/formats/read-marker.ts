import type { MetastoreError } from '../../errors.ts'
import { nearest } from '../../nearest.ts'
import type { Priority } from '../migration.ts'
import { problemAt, type Place } from '../problems.ts'
import { foreignMarker } from './foreign-marker.ts'
import type { Header, Marker } from './marker.ts'
import { settingsIn, type Word } from './setting.ts'

/**
 * Reads a comment line that is meant for metastore, or for dbmate, goose or sql-migrate, whose files run as they are.
 * Undefined for every other comment. `offset` is where the comment begins in the place's text.
 */
export function readMarker(comment: string, offset: number, place: Place): Marker | MetastoreError | undefined {
  const own = /^--[ \t]*metastore:/i.exec(comment)
  if (own === null) return foreignMarker(comment, offset, place)
  // Words for metastore check, which reads them itself; a run takes no notice of them.
  if (/^[ \t]*allow\b/i.test(comment.slice(own[0].length))) return { kind: 'nothing' }
  const words = settingsIn(comment, own[0].length)
  if (!Array.isArray(words)) return invalid(words.offset, words.message, words.remedy)
  const [first] = words
  if (first === undefined) {
    return invalid(own[0].length, 'This marker says nothing.', `After "metastore:" write one of ${list(allWords)}.`)
  }
  const direction = first.key.toLowerCase()
  return (direction === 'up' || direction === 'down') && first.value === undefined
    ? section(direction, words.slice(1))
    : header(words)

  function section(of: 'up' | 'down', options: readonly Word[]): Marker | MetastoreError {
    const wrong = options.find(({ key, value }) => key.toLowerCase() !== 'no-transaction' || value !== undefined)
    if (wrong === undefined) return { kind: 'section', direction: of, noTransaction: options.length > 0 }
    return invalid(
      wrong.offset,
      `"metastore:${of}" has no option ${JSON.stringify(wrong.key)}.`,
      'The only option there is no-transaction; other settings stand in a header line, "-- metastore: priority=P0".',
    )
  }

  function header(settings: readonly Word[]): Marker | MetastoreError {
    let result: Header = { kind: 'header' }
    const seen = new Set<string>()
    for (const setting of settings) {
      const key = setting.key.toLowerCase()
      if (seen.has(key)) return invalid(setting.offset, `${key} is said twice.`, 'Say it once.')
      seen.add(key)
      const part = headerSetting(key, setting, settings[0] === setting ? allWords : headerWords)
      if ('message' in part) return invalid(part.offset, part.message, part.remedy)
      result = { ...result, ...part }
    }
    return result
  }

  function invalid(at: number, message: string, remedy: string): MetastoreError {
    return problemAt(place, offset + at, { code: 'migration_invalid', message, remedy })
  }
}

/** Whether a marker was read as an error. */
export function isError(marker: Marker | MetastoreError): marker is MetastoreError {
  return marker instanceof Error
}

const headerWords = ['priority', 'requires', 'replaces', 'extension', 'description', 'no-transaction']
const allWords = ['up', 'down', ...headerWords]
const priorities: readonly Priority[] = ['P0', 'P1', 'P2']

interface Mistake {
  readonly offset: number
  readonly message: string
  readonly remedy: string
}

function headerSetting(key: string, word: Word, legal: readonly string[]): Omit<Header, 'kind'> | Mistake {
  if (key === 'no-transaction') return word.value === undefined ? { noTransaction: true } : valueTooMany(word)
  if (!headerWords.includes(key)) return unknownWord(word, legal)
  if (word.value === undefined || word.value === '') {
    const remedy = `Write ${key}=${examples[key] ?? ''}.`
    return { offset: word.offset, message: `${key} has no value.`, remedy }
  }
  if (key === 'description') return { description: word.value }
  if (key === 'requires') return { requires: namesIn(word.value) }
  if (key === 'replaces') return { replaces: namesIn(word.value) }
  if (key === 'extension') return { extensions: namesIn(word.value) }
  const priority = priorities.find((known) => known === word.value?.toUpperCase())
  return priority === undefined ? unknownPriority(word) : { priority }
}

function namesIn(value: string): string[] {
  const names = value.split(',').map((name) => name.trim())
  return [...new Set(names.filter((name) => name !== ''))]
}

const examples: Readonly<Record<string, string>> = {
  priority: 'P0',
  requires: '001_create_threads,002_create_messages',
  replaces: '001_create_threads,002_create_messages',
  extension: 'vector',
  description: '"what it is for"',
}

function valueTooMany({ offset }: Word): Mistake {
  return { offset, message: 'no-transaction takes no value.', remedy: 'Write no-transaction alone.' }
}

function unknownWord({ key, offset }: Word, legal: readonly string[]): Mistake {
  const close = nearest(key, legal)
  const remedy = close === undefined ? `Use one of ${list(legal)}.` : `Did you mean ${close}?`
  return { offset, message: `metastore knows no setting ${JSON.stringify(key)}.`, remedy }
}

function unknownPriority({ value = '', valueOffset }: Word): Mistake {
  const remedy = 'Use P0 (the application cannot start without it), P1 or P2.'
  return { offset: valueOffset, message: `There is no priority ${JSON.stringify(value)}.`, remedy }
}

function list(words: readonly string[]): string {
  return `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`
}

/** What a header says that every run has to know of a file. */
export type EarlyHeader = Pick<Header, 'replaces' | 'extensions'>

/** What a file replaces and which extensions it needs, by its header; found without reading the file's SQL. */
export function earlyHeader(source: string): EarlyHeader {
  const { replaces } = headerWith('replaces', source)
  const { extensions } = headerWith('extension', source)
  return { ...(replaces && { replaces }), ...(extensions && { extensions }) }
}

function headerWith(key: string, source: string): EarlyHeader {
  if (!source.includes(key)) return {}
  const line = new RegExp(`^--[ \\t]*metastore:.*\\b${key}[ \\t]*=.*$`, 'im').exec(source)?.[0]
  const marker =
    line === undefined ? undefined : readMarker(line.trimEnd(), 0, { path: undefined, source: line, offset: 0 })
  return marker !== undefined && !isError(marker) && marker.kind === 'header' ? marker : {}
}
