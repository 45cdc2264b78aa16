import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { MetastoreError } from '../../errors.ts'
import { nearest } from '../../nearest.ts'
import { packageDirectory } from '../../package-directory.ts'

/** The pages of the manual of the installed version, by name: `architecture`, `commands/migrate`. */
export async function listPages(): Promise<string[]> {
  const root = join(packageDirectory(), 'docs')
  const entries = await readdir(root, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.md'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/').replace(/\.md$/, ''))
    .sort()
}

/** A page with the heading that it begins with. */
export interface Topic {
  readonly page: string
  readonly title: string
}

// Where to begin, what somebody wants to get done, why it is so, then every command, then what is looked up.
const order = [
  /^README$/,
  /^tutorial$/,
  /^agents$/,
  /^guides\//,
  /^explanation\//,
  /^commands\//,
  /^[^/]+$/,
  /^decisions\//,
]

/** The pages of the manual with their titles, in the order in which they are of use. */
export async function listTopics(): Promise<Topic[]> {
  const pages = await listPages()
  const rank = (page: string) => order.findIndex((pattern) => pattern.test(page))
  const sorted = [...pages].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
  return Promise.all(sorted.map(async (page) => ({ page, title: titleOf(await readPage(page), page) })))
}

function titleOf(text: string, page: string): string {
  return /^#+ (.*)$/m.exec(text)?.[1] ?? page
}

/** One page of the manual, as Markdown. Throws `document_unknown`. */
export async function readPage(name: string): Promise<string> {
  const pages = await listPages()
  const wanted = name.replace(/^\/+/, '').replace(/\.md$/, '')
  const page = pages.find((candidate) => candidate === wanted) ?? onlyEnding(pages, wanted)
  if (page === undefined) throw pageUnknown(wanted, pages)
  return readFile(join(packageDirectory(), 'docs', `${page}.md`), 'utf8')
}

function onlyEnding(pages: readonly string[], wanted: string): string | undefined {
  const [only, another] = pages.filter((page) => page.endsWith(`/${wanted}`))
  return another === undefined ? only : undefined
}

function pageUnknown(wanted: string, pages: readonly string[]): MetastoreError {
  const close = nearest(wanted, [...pages, ...pages.map((page) => page.split('/').at(-1) ?? page)])
  return new MetastoreError({
    code: 'document_unknown',
    message: `The manual has no page ${JSON.stringify(wanted)}.`,
    remedy: `${close === undefined ? '' : `Did you mean ${close}? `}metastore docs lists the pages.`,
  })
}
