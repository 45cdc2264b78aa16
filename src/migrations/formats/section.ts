import type { Dialect } from '../../database/sql.ts'
import type { MetastoreError } from '../../errors.ts'
import { problemAt, wholeFile, type Place } from '../problems.ts'
import { scanSql, type CommentRange, type Scan } from '../sql/scanner.ts'
import type { Header, SectionStart } from './marker.ts'
import { isError, readMarker } from './read-marker.ts'

/** One direction in an SQL file, by offsets in UTF-16 code units. */
export interface Section {
  readonly start: number
  readonly end: number
  /** Where the marker that begins it stands; the beginning of the file when it has none. */
  readonly marker: number
  readonly transaction: boolean
}

/** What the markers of an SQL file say. */
export interface SqlSections {
  readonly header: Header
  readonly up: Section
  /** Whether a marker begins the up part, so that it is not just the beginning of the file. */
  readonly upMarked: boolean
  readonly down: Section | undefined
  readonly problems: readonly MetastoreError[]
}

type Found<Kind> = Kind & { readonly comment: CommentRange }

/** Finds header, up part and down part of an SQL file. Without markers all of it is the up part. */
export function readSections(source: string, dialect: Dialect, path: string): SqlSections {
  const scan = scanSql(source, dialect)
  const place = wholeFile(source, path)
  const { headers, starts, problems } = findMarkers(source, scan, place)
  const header = mergeHeaders(headers, starts, scan, place, problems)
  const [ups, downs] = [starts.filter(isUp), starts.filter((start) => !isUp(start))]
  const [upStart, downStart] = [ups[0], downs[0]]
  for (const again of [...ups.slice(1), ...downs.slice(1)]) problems.push(secondSection(again, place))
  if (upStart && downStart && downStart.comment.start < upStart.comment.start)
    problems.push(downFirst(downStart, place))
  const stray = scan.statements[0]
  if (upStart && stray && stray.start < upStart.comment.start) problems.push(beforeUp(stray.start, place))
  const whole = {
    start: 0,
    end: downStart?.comment.start ?? source.length,
    marker: 0,
    transaction: !header.noTransaction,
  }
  return {
    header,
    up: upStart ? sectionOf(upStart, starts, source, header) : whole,
    upMarked: upStart !== undefined,
    down: downStart && sectionOf(downStart, starts, source, header),
    problems,
  }
}

interface Markers {
  readonly headers: readonly Found<Header>[]
  readonly starts: readonly Found<SectionStart>[]
  readonly problems: MetastoreError[]
}

function findMarkers(source: string, { comments }: Scan, place: Place): Markers {
  const headers: Found<Header>[] = []
  const starts: Found<SectionStart>[] = []
  const problems: MetastoreError[] = []
  for (const comment of comments) {
    if (!comment.ownLine) continue
    const marker = readMarker(source.slice(comment.start, comment.end), comment.start, place)
    if (marker === undefined) continue
    if (isError(marker)) problems.push(marker)
    else if (marker.kind !== 'nothing' && comment.nested) problems.push(insideStatement(comment, place))
    else if (marker.kind === 'header') headers.push({ ...marker, comment })
    else if (marker.kind === 'section') starts.push({ ...marker, comment })
  }
  return { headers, starts, problems }
}

function mergeHeaders(
  headers: readonly Found<Header>[],
  starts: readonly Found<SectionStart>[],
  { statements }: Scan,
  place: Place,
  problems: MetastoreError[],
): Header {
  const limit = Math.min(
    statements[0]?.start ?? Infinity,
    starts.find((start) => !isUp(start))?.comment.start ?? Infinity,
  )
  let merged: Header = { kind: 'header' }
  for (const { comment, ...header } of headers) {
    if (comment.start > limit) problems.push(headerTooLate(comment, place))
    const twice = Object.keys(header).find((key) => key !== 'kind' && key in merged)
    if (twice !== undefined) problems.push(saidTwice(comment, settingNames[twice] ?? twice, place))
    merged = { ...merged, ...header }
  }
  return merged
}

const settingNames: Readonly<Record<string, string>> = { noTransaction: 'no-transaction' }

function sectionOf(
  { comment, noTransaction }: Found<SectionStart>,
  starts: readonly Found<SectionStart>[],
  source: string,
  header: Header,
): Section {
  const next = starts.find((start) => start.comment.start > comment.start)
  const end = next?.comment.start ?? source.length
  return { start: comment.end, end, marker: comment.start, transaction: !noTransaction && !header.noTransaction }
}

function isUp({ direction }: SectionStart): boolean {
  return direction === 'up'
}

function insideStatement({ start }: CommentRange, place: Place): MetastoreError {
  return problemAt(place, start, {
    code: 'migration_invalid',
    message: 'This marker stands inside a statement.',
    remedy: 'Put it between statements; if it is, close the parenthesis or the body above it.',
  })
}

function headerTooLate({ start }: CommentRange, place: Place): MetastoreError {
  return problemAt(place, start, {
    code: 'migration_invalid',
    message: 'Settings stand before the first statement of a file, and this line comes after it.',
    remedy: 'Move the line to the top of the file.',
  })
}

function saidTwice({ start }: CommentRange, setting: string, place: Place): MetastoreError {
  return problemAt(place, start, {
    code: 'migration_invalid',
    message: `${setting} is said twice.`,
    remedy: 'Say it once.',
  })
}

function secondSection({ comment, direction }: Found<SectionStart>, place: Place): MetastoreError {
  return problemAt(place, comment.start, {
    code: 'migration_invalid',
    message: `The file has a second ${direction} part.`,
    remedy: 'Put its statements under the first one.',
  })
}

function downFirst({ comment }: Found<SectionStart>, place: Place): MetastoreError {
  return problemAt(place, comment.start, {
    code: 'migration_invalid',
    message: 'The down part comes before the up part.',
    remedy: 'Put the up part first.',
  })
}

function beforeUp(offset: number, place: Place): MetastoreError {
  return problemAt(place, offset, {
    code: 'migration_invalid',
    message: 'This statement stands before the up part, so it belongs to neither direction.',
    remedy: 'Move it below the marker that begins the up part.',
  })
}
