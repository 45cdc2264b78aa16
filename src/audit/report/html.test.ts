import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { engines } from '../../../test/harness/engines.ts'
import { migrationDirectory } from '../../../test/harness/migration-files.ts'
import { temporaryDirectory } from '../../../test/harness/temporary-directory.ts'
import { openDatabase } from '../../database/database.ts'
import { migrate, openEngine } from '../../migrations/migrations.ts'
import { audit, renderHtml, type AuditReport } from '../audit.ts'

const cache = path.join(temporaryDirectory(), 'shadow')

/** What an audit says of a database with these migrations, after something happened to it. */
async function reportOn(files: Readonly<Record<string, string>>, breakage = ''): Promise<AuditReport> {
  const pglite = engines.find(({ name }) => name === 'pglite')
  if (pglite === undefined) throw new Error('There is no PGlite here.')
  const list = await migrationDirectory(files).read()
  await using database = await openDatabase(await pglite.freshUrl())
  await using engine = await openEngine(database, {})
  await migrate(engine, list)
  if (breakage !== '') await engine.session.script(breakage)
  return (await audit(engine, list, { database: 'main', cacheDirectory: cache, stateSchema: 'metastore' })).report
}

const files = {
  '001_tenants.sql': `-- metastore: priority=P0
    create table tenants (id bigint generated always as identity primary key, slug text not null unique);`,
  '002_threads.sql': `-- metastore: priority=P1
    create schema chat;
    create table chat.threads (id bigint primary key, tenant_id bigint not null references tenants, title text,
      parent_id bigint references chat.threads);
    create index threads_tenant on chat.threads (tenant_id);
    create index threads_parent on chat.threads (parent_id);
    create table chat.states (thread_id bigint primary key references chat.threads, data jsonb);`,
  '003_title.sql': `-- metastore: priority=P2
    alter table chat.threads alter column title type varchar(200);
    create table events (at date not null) partition by range (at);
    create table events_1 partition of events for values from ('2026-01-01') to ('2027-01-01');`,
}

interface Tag {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
}

const empty = new Set(['meta', 'link', 'input'])

/** The elements of a page, read strictly: what is opened is closed in order, and values are quoted. */
function elements(page: string): Tag[] {
  const text = page.replaceAll(/(<(style|script)>).*?(<\/\2>)/gs, '$1$3').replace('<!doctype html>', '')
  const open: string[] = []
  const found: Tag[] = []
  let rest = 0
  for (const match of text.matchAll(/<(\/?)([a-z][a-z0-9]*)((?: [\w:-]+(?:="[^"<>]*")?)*)(\/?)>/g)) {
    expect(text.slice(rest, match.index)).not.toMatch(/[<>]/)
    rest = match.index + match[0].length
    const [, closing, name = '', attributes = '', closed] = match
    if (closing === '/') {
      expect(open.pop()).toBe(name)
      continue
    }
    const pairs = [...attributes.matchAll(/ ([\w:-]+)(?:="([^"]*)")?/g)]
    found.push({ name, attributes: Object.fromEntries(pairs.map(([, key = '', value = '']) => [key, value])) })
    if (closed !== '/' && !empty.has(name)) open.push(name)
  }
  expect(text.slice(rest)).not.toMatch(/[<>]/)
  expect(open).toEqual([])
  return found
}

/** What may make a browser load something. */
function loads(tags: readonly Tag[], page: string): string[] {
  const attributes = tags.flatMap(({ attributes: one }) =>
    ['src', 'href', 'srcset', 'action', 'data', 'poster', 'xlink:href'].flatMap((name) => one[name] ?? []),
  )
  return [
    ...attributes.filter((value) => !value.startsWith('#') && value !== 'data:,'),
    ...(page.match(/@import|url\(|fetch\(|XMLHttpRequest|import\(|new Image|sendBeacon/g) ?? []),
  ]
}

describe('the HTML report', () => {
  let broken: AuditReport
  let tags: readonly Tag[]
  let page: string

  beforeAll(async () => {
    broken = await reportOn(
      files,
      `drop index chat.threads_tenant; drop table chat.states; alter table chat.threads drop column title;
       alter table tenants alter column slug drop not null; create table "Left over" (x int)`,
    )
    page = await renderHtml(broken)
    tags = elements(page)
  })

  test('is one well-formed page whose links all lead somewhere in it', () => {
    const ids = tags.flatMap(({ attributes }) => attributes['id'] ?? [])
    expect(new Set(ids).size).toBe(ids.length)
    const targets = tags.flatMap(({ attributes }) => attributes['href'] ?? []).filter((href) => href.startsWith('#'))
    expect(targets.length).toBeGreaterThan(15)
    expect(targets.filter((href) => !ids.includes(href.slice(1)))).toEqual([])
    expect(tags.filter(({ name }) => ['style', 'script', 'h1', 'main'].includes(name)).map(({ name }) => name)).toEqual(
      ['style', 'h1', 'main', 'script'],
    )
  })

  test('asks for nothing from elsewhere, and forbids the browser to', () => {
    expect(loads(tags, page)).toEqual([])
    const policy = tags.find(({ attributes }) => attributes['http-equiv'] === 'Content-Security-Policy')
    expect(policy?.attributes['content']?.replaceAll('&#39;', "'")).toMatch(
      /^default-src 'none'; img-src data:; style-src 'sha256-[\w+/]{43}='; script-src 'sha256-[\w+/]{43}='; base-uri 'none'; form-action 'none'$/,
    )
    // The policy allows neither.
    expect(
      tags.flatMap(({ attributes }) => Object.keys(attributes)).filter((name) => /^(style|on.*)$/.test(name)),
    ).toEqual([])
  })

  test('has its parts in this order, with everything that the audit says', () => {
    const outline = [...page.matchAll(/<h([1-4])[^>]*>(.*?)<\/h\1>/gs)].map(
      ([, level, text = '']) => `${'  '.repeat(Number(level) - 1)}${text.replaceAll(/<[^>]+>/g, '')}`,
    )
    expect(outline.join('\n')).toMatchInlineSnapshot(`
      "main
        Findings
          P0 It will fail or lose data 1 finding
            Column public.tenants.slug can be null, but should be not null.
          P1 It will hurt 2 findings
            Table chat.states is missing.
            Index chat.threads.threads_tenant is missing.
          P2 Worth a look 4 findings
            Column chat.threads.title is missing.
            Table public.&quot;Left over&quot; is there, but is not expected.
            No index of chat.threads begins with tenant_id, the columns of foreign key threads_tenant_id_fkey.
            Table public.events has no primary key.
        To do
        Diagram
        Migrations
        Tables
        History"
    `)
    for (const { message, remedy, query, repair } of broken.findings) {
      for (const text of [message, remedy, ...(query === null ? [] : [query]), ...repair])
        expect(page).toContain(escaped(text))
    }
    for (const { name, path: file, provides } of broken.migrations) {
      for (const text of [name, file, ...provides.map(({ query }) => query)]) expect(page).toContain(escaped(text))
    }
    for (const { title, run } of broken.checklist) expect(page).toContain(escaped(run ?? title))
  })

  test('draws what is there and what is missing, and marks what has findings', () => {
    const entities = tags.filter(({ attributes }) => attributes['class']?.startsWith('entity'))
    expect(entities.map(({ attributes }) => `${attributes['class']}: ${attributes['aria-label']}`))
      .toMatchInlineSnapshot(`
      [
        "entity n0 linked P1: Table chat.threads, 4 columns, refers to others by 2 foreign keys, is referred to by 1, findings up to P1",
        "entity n1 P2: Table Left over, 1 column, findings up to P2",
        "entity n2 P2: Table events, 1 column, findings up to P2",
        "entity n4 linked P0: Table tenants, 2 columns, is referred to by 1, findings up to P0",
        "entity n5 missing P1: Table chat.states, missing, findings up to P1",
      ]
    `)
    const edges = [...page.matchAll(/<path class="(edge [^"]*)"[^>]*><title>(.*?)<\/title>/g)]
    expect(edges.map(([, classes, title]) => `${classes}: ${title}`)).toMatchInlineSnapshot(`
      [
        "edge e0 e0 any-number optional: threads_parent_id_fkey: threads (parent_id) refers to threads (id)",
        "edge e0 e4 any-number required: threads_tenant_id_fkey: threads (tenant_id) refers to tenants (id)",
      ]
    `)
    expect(
      [...page.matchAll(/<g class="(column (?:missing )?P\d)">.*?<title>(.*?)<\/title>/g)].map(
        ([, how, what]) => `${how}: ${what}`,
      ),
    ).toMatchInlineSnapshot(`
      [
        "column P2: tenant_id bigint",
        "column missing P2: title missing",
        "column P0: slug text, may be null",
      ]
    `)
  })

  test('is the same for the same report', async () => {
    expect(await renderHtml(structuredClone(broken))).toBe(page)
  })

  test('of a clean database says so, and leaves out what there is nothing of', async () => {
    const clean = await reportOn({ '001_tenants.sql': 'create table tenants (id int primary key);' })
    const whole = await renderHtml(clean)
    expect(clean.findings).toEqual([])
    expect(whole).toContain('<p class="clean">Everything is as the migrations say.</p>')
    expect(
      elements(whole).flatMap(({ name, attributes }) => (name === 'section' ? (attributes['id'] ?? []) : [])),
    ).toEqual(['findings', 'diagram', 'migrations', 'tables', 'history'])
  })

  test('of an empty database is a page all the same', async () => {
    const whole = await renderHtml(await reportOn({}))
    expect(elements(whole).filter(({ name }) => name === 'svg')).toEqual([])
    expect(whole).toContain('none is in effect')
  })

  test('shows hostile names as text', async () => {
    const name = `"><script>alert('1')</script>&lt;<img src=x onerror=alert(2)>`
    const quoted = `"${name.replaceAll('"', '""')}"`
    const sql = (index: number) =>
      `create table ${quoted.slice(0, -1)}${index}" (${quoted} int primary key default length('</style><script>'), b int);
       comment on table ${quoted.slice(0, -1)}${index}" is '--></title></script><script>alert(3)</script>';
       alter table ${quoted.slice(0, -1)}${index}" add constraint ${quoted.slice(0, -1)}${index}k" foreign key (b) references ${quoted.slice(0, -1)}${index}";`
    const report = await reportOn({ '001_a.sql': sql(1), '002_b.sql': sql(2) }, `drop table ${quoted.slice(0, -1)}1"`)
    const hostile: AuditReport = {
      ...report,
      database: name,
      address: name,
      server: name,
      current: name,
      at: name,
      findings: report.findings.map((finding) => ({ ...finding, migration: name, file: name })),
      migrations: report.migrations.map((migration) => ({
        ...migration,
        name: `${name}${migration.name}`,
        path: name,
      })),
      checklist: [{ title: name, run: name }],
    }
    const whole = await renderHtml(hostile)
    const found = elements(whole)
    expect(
      found.filter(({ name: tag }) => tag === 'script' || tag === 'img').map(({ attributes }) => attributes),
    ).toEqual([{}])
    expect(found.flatMap(({ attributes }) => Object.keys(attributes)).filter((key) => key.startsWith('on'))).toEqual([])
    expect(loads(found, whole)).toEqual([])
    expect(whole).toContain(escaped(name))
    expect(whole).not.toContain('<script>alert')
  })

  test('advises to squash from the fifty-first applied migration on, up to the first that is pending', async () => {
    const [first] = broken.migrations
    if (first === undefined) throw new Error('There are migrations.')
    const migrations = Array.from({ length: 53 }, (_, index) => ({ ...first, name: `m${index}` }))
    const advice = async (pending: readonly number[], number: number) =>
      /<figcaption>Squash<\/figcaption>.*?<code>(.*?)<\/code>/.exec(
        await renderHtml({
          ...broken,
          migrations: migrations
            .slice(0, number)
            .map((one, index) =>
              pending.includes(index) ? { ...one, state: 'pending' as const, appliedAt: null } : one,
            ),
        }),
      )?.[1]
    expect(await advice([], 50)).toBeUndefined()
    expect(await advice([], 51)).toBe('metastore squash m50')
    expect(await advice([40], 53)).toBe('metastore squash m39')
    expect(await advice([0], 53)).toBeUndefined()
    expect(await advice([51, 52], 53)).toBe('metastore squash m50')
  })
})

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}
