import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { engines } from '../../test/harness/engines.ts'
import { openDatabase } from '../database/database.ts'
import { diffCatalogs, emptyCatalog, introspect, renderCatalog, renderDifferences } from './catalog.ts'

const { freshUrl } = engines.find(({ name }) => name === 'sqlite')!
const everything = readFileSync(new URL('../../test/harness/everything-sqlite.sql', import.meta.url), 'utf8')

test('A SQLite catalog is rendered to SQL that makes the same again', async () => {
  await using database = await openDatabase(await freshUrl())
  await using session = await database.session()
  await session.script(everything)
  const catalog = await introspect(session, 'sqlite')

  await using other = await openDatabase(await freshUrl())
  await using empty = await other.session()
  for (const { sql } of renderCatalog(catalog)) await empty.query(sql)
  expect(diffCatalogs(catalog, await introspect(empty, 'sqlite'))).toEqual([])
})

test('On SQLite what is missing is created, and the rest is named', async () => {
  await using database = await openDatabase(await freshUrl())
  await using session = await database.session()
  await session.script(`create table runs (id integer primary key, title text); create index runs_title on runs (title);
    create table notes (id integer primary key, run integer references runs)`)
  const expected = await introspect(session, 'sqlite')
  await session.script('drop index runs_title; drop table notes; alter table runs add column cost integer')
  const actual = await introspect(session, 'sqlite')

  const { statements, unrendered } = renderDifferences(diffCatalogs(expected, actual), expected, actual)
  expect(statements.map(({ label, repair, losesData }) => ({ label, repair, losesData }))).toEqual([
    { label: 'create table main.notes', repair: true, losesData: false },
    { label: 'create index main.runs.runs_title', repair: true, losesData: false },
  ])
  expect(unrendered.map(({ difference, reason }) => [difference.object.key, reason])).toEqual([
    ['column main.runs.cost', 'On SQLite only tables, indexes, views and triggers that are missing are created.'],
  ])
  for (const { sql } of statements) await session.query(sql)
  const left = diffCatalogs(expected, await introspect(session, 'sqlite'))
  expect(left.map(({ object }) => object.key)).toEqual(['column main.runs.cost'])
  expect(renderCatalog(emptyCatalog('sqlite'))).toEqual([])
})
