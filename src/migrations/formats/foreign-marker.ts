import type { MetastoreError } from '../../errors.ts'
import { nearest } from '../../nearest.ts'
import { problemAt, type Place } from '../problems.ts'
import type { Marker } from './marker.ts'

/** What another tool writes in its comments: the text that begins a marker, and the meaning of what follows. */
interface Family {
  readonly tool: string
  readonly begin: RegExp
  /** Each marker in lower case, words separated by one space. */
  readonly markers: Readonly<Record<string, Marker>>
}

const nothing: Marker = { kind: 'nothing' }
const up: Marker = { kind: 'section', direction: 'up', noTransaction: false }
const down: Marker = { kind: 'section', direction: 'down', noTransaction: false }
const upAlone: Marker = { kind: 'section', direction: 'up', noTransaction: true }
const downAlone: Marker = { kind: 'section', direction: 'down', noTransaction: true }

const families: readonly Family[] = [
  {
    tool: 'dbmate',
    // Prose such as "migrate: the users" is no marker, so the word has to follow at once and be nearly right.
    begin: /^--[ \t]*migrate:(?=\S)/i,
    markers: {
      up,
      'up transaction:true': up,
      'up transaction:false': upAlone,
      down,
      'down transaction:true': down,
      'down transaction:false': downAlone,
    },
  },
  {
    tool: 'goose',
    begin: /^--[ \t]*\+goose[ \t]+/i,
    markers: {
      up,
      down,
      'no transaction': { kind: 'header', noTransaction: true },
      statementbegin: nothing,
      statementend: nothing,
    },
  },
  {
    tool: 'sql-migrate',
    begin: /^--[ \t]*\+migrate[ \t]+/i,
    markers: {
      up,
      'up notransaction': upAlone,
      down,
      'down notransaction': downAlone,
      statementbegin: nothing,
      statementend: nothing,
    },
  },
]

/** Reads a comment of dbmate, goose or sql-migrate; undefined for every other comment. */
export function foreignMarker(comment: string, offset: number, place: Place): Marker | MetastoreError | undefined {
  for (const { tool, begin, markers } of families) {
    const start = begin.exec(comment)?.[0]
    if (start === undefined) continue
    const text = comment.slice(start.length).trim().replaceAll(/\s+/g, ' ')
    const marker = markers[text.toLowerCase()]
    if (marker !== undefined) return marker
    const close = nearest(text, Object.keys(markers))
    if (tool === 'dbmate' && close === undefined && !/^(?:up|down)\b/i.test(text)) return undefined
    return problemAt(place, offset + start.length, {
      code: 'migration_invalid',
      message: `${JSON.stringify(text)} is no marker of ${tool} that metastore understands.`,
      remedy: close === undefined ? `Use one of ${Object.keys(markers).join(', ')}.` : `Did you mean ${close}?`,
    })
  }
  return undefined
}
