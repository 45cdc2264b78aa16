import { existsSync, readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { checkout } from './harness/child.ts'

const folders = ['docs', 'deploy', 'schema', 'bench', 'examples']
const pages = [
  ...readdirSync(checkout),
  ...folders.flatMap((folder) =>
    readdirSync(path.join(checkout, folder), { recursive: true, encoding: 'utf8' }).map((file) => `${folder}/${file}`),
  ),
].filter((file) => file.endsWith('.md') && !file.includes('node_modules'))

const texts = new Map<string, string>()

/** The text of a page without its blocks, which show what is written and link to nothing. */
function textOf(page: string): string {
  const text =
    texts.get(page) ?? readFileSync(path.join(checkout, page), 'utf8').replaceAll(/^( *)(`{3,}).*\n[^]*?^\1\2$/gm, '')
  texts.set(page, text)
  return text
}

/** The links of a page to places of the repository, by what they are written as. */
function linksOf(page: string): { readonly written: string; readonly target: string; readonly anchor?: string }[] {
  return [...textOf(page).matchAll(/\]\((?!\w+:)([^)#\s]*)(?:#([^)]*))?\)/g)].map(([written, file = '', anchor]) => ({
    written,
    target: file === '' ? page : path.join(path.dirname(page), file),
    ...(anchor === undefined ? {} : { anchor }),
  }))
}

/** The anchors of a page's headings, as GitHub and GitLab make them. */
function anchorsOf(page: string): string[] {
  const counts = new Map<string, number>()
  return [...textOf(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => {
    const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase()
    const anchor = text
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .trim()
      .replaceAll(/\s/g, '-')
    const count = counts.get(anchor) ?? 0
    counts.set(anchor, count + 1)
    return count === 0 ? anchor : `${anchor}-${count}`
  })
}

test('every link of a page leads to a file that is there, and to a heading that it has', () => {
  const links = pages.flatMap((page) => linksOf(page).map((link) => ({ page, ...link })))
  expect(links.length).toBeGreaterThan(300)
  const dead = links.filter(({ target, anchor }) => {
    if (!existsSync(path.join(checkout, target))) return true
    return anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).includes(anchor)
  })
  expect(dead.map(({ page, written }) => `${page}: ${written}`)).toEqual([])
})

test('the manual is reached from its first page: each page, or the list that names it', () => {
  const lists: Readonly<Record<string, string>> = {
    'docs/commands/': 'docs/commands.md',
    'docs/decisions/': 'docs/decisions',
  }
  const named = new Set(linksOf('docs/README.md').map(({ target }) => path.normalize(target).replace(/\/$/, '')))
  const lost = pages.filter((page) => {
    const list = Object.entries(lists).find(([folder]) => page.startsWith(folder))?.[1]
    return page.startsWith('docs/') && page !== 'docs/README.md' && !named.has(list ?? page)
  })
  expect(lost).toEqual([])
})
