import type { AuditedMigration, AuditedObject, AuditReport } from '../../audit-report.ts'
import { copyable } from './findings-section.ts'
import { markup, type Content, type Markup } from './markup.ts'
import { counted, shownTime } from './numbers.ts'

const manyMigrations = 50

const stateWords = { applied: 'applied', pending: 'not applied', edited: 'edited since' } as const

/** The migrations, each with what it provides; what is not in order is open from the start. */
export function migrationsSection({ migrations }: AuditReport, migrationLink: (name: string) => Content): Markup {
  const rows = migrations.map((migration, index) => oneMigration(migration, index, migrationLink))
  return markup`<section id="migrations"><h2>Migrations</h2>${migrations.length === 0 ? markup`<p class="quiet">There is none.</p>` : markup`<div class="list">${rows}</div>`}</section>`
}

function oneMigration(one: AuditedMigration, index: number, migrationLink: (name: string) => Content): Markup {
  const { name, path, priority, state, appliedAt, provides } = one
  const inOrder = provides.toSorted(
    (first, second) => Number(first.state === 'there') - Number(second.state === 'there'),
  )
  const wrong = provides.filter((object) => object.state !== 'there').length
  // What was not applied cannot be there, and needs no list of it to be seen at once.
  const open = state === 'edited' || (state === 'applied' && wrong > 0)
  const problem =
    wrong > 0 && state !== 'pending' ? markup` <span class="tag P1">${counted(wrong, 'difference')}</span>` : null
  return markup`<details id="migration-${index}" class="migration ${state}" data-filter${open && markup` open`}><summary><span class="title">${name}</span> <span class="tag">${priority}</span> <span class="state">${stateWords[state]}${problem}</span> <span class="quiet number">${counted(provides.length, 'object')}</span></summary>
<p class="quiet"><code>${path}</code>${appliedAt === null ? null : markup`, applied ${time(appliedAt)}`}</p>
${provides.length === 0 ? markup`<p class="quiet">Nothing of it is left to be there, or it makes nothing.</p>` : markup`<ul class="objects">${inOrder.map((object) => oneObject(object, migrationLink))}</ul>`}</details>
`
}

function oneObject({ key, state, changedBy, query }: AuditedObject, migrationLink: (name: string) => Content): Markup {
  const [, kind = '', name = key] = /^(\w+) (.*)$/s.exec(key) ?? []
  const changes = changedBy.map((by, index) => markup`${index > 0 && ', '}${migrationLink(by)}`)
  return markup`<li><details class="${state}"><summary><span class="state">${state}</span> <span class="kind">${kind.replaceAll('_', ' ')}</span> <code>${name}</code></summary>${copyable('Verification', query)}</details>${changes.length > 0 && markup`<p class="changes">changed by ${changes}</p>`}</li>
`
}

/** When what was applied, and when it is time to make one file of many. */
export function historySection({ migrations }: AuditReport, migrationLink: (name: string) => Content): Markup | null {
  const applied = migrations.filter(({ appliedAt }) => appliedAt !== null)
  if (applied.length === 0) return null
  // Sorting keeps the order of the project where times are equal.
  const rows = applied
    .toSorted((one, other) => ((one.appliedAt ?? '') < (other.appliedAt ?? '') ? 1 : -1))
    .map(
      ({ name, appliedAt, provides }) =>
        markup`<li data-filter><span class="quiet">${time(appliedAt ?? '')}</span> ${migrationLink(name)} <span class="quiet">${contents(provides)}</span></li>
`,
    )
  return markup`<section id="history"><h2>History</h2>${squashAdvice(migrations)}<ol class="history">${rows}</ol></section>`
}

// Up to the last of those that were applied without a gap.
function squashAdvice(migrations: readonly AuditedMigration[]): Markup | null {
  const applied = migrations.filter(({ state }) => state !== 'pending').length
  if (applied <= manyMigrations) return null
  const gap = migrations.findIndex(({ state }) => state === 'pending')
  const last = migrations.at(gap < 0 ? -1 : gap - 1)
  if (last === undefined || gap === 0) return null
  return markup`<aside class="advice"><p>${applied} migrations are applied. One file can stand for them: new databases then start with one step, and databases that have them only record it.</p>${copyable('Squash', `metastore squash ${shellWord(last.name)}`)}</aside>`
}

function shellWord(name: string): string {
  return /^[\w.-]+$/.test(name) ? name : `'${name.replaceAll("'", String.raw`'\''`)}'`
}

function contents(provides: readonly AuditedObject[]): string {
  const numbers = new Map<string, number>()
  for (const { kind } of provides) numbers.set(kind, (numbers.get(kind) ?? 0) + 1)
  return [...numbers].map(([kind, number]) => counted(number, kind.replaceAll('_', ' '), pluralOf(kind))).join(', ')
}

function pluralOf(kind: string): string {
  const irregular: Readonly<Record<string, string>> = {
    index: 'indexes',
    policy: 'policies',
    statistics: 'statistics',
    default_privileges: 'default privileges',
  }
  return irregular[kind] ?? `${kind.replaceAll('_', ' ')}s`
}

/** A time for people and programs. */
export function time(at: string): Markup {
  return markup`<time datetime="${at}">${shownTime(at)}</time>`
}
