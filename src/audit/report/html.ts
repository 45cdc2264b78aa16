import { createHash } from 'node:crypto'
import type { AuditReport } from '../audit-report.ts'
import { affectedTables } from './html/affected.ts'
import { checklistSection } from './html/checklist-section.ts'
import { drawDiagram } from './html/diagram/diagram.ts'
import { findingsSection } from './html/findings-section.ts'
import { historySection, migrationsSection, time } from './html/migrations-section.ts'
import { markup, trusted, type Content, type Markup } from './html/markup.ts'
import { counted } from './html/numbers.ts'
import { script } from './html/script.ts'
import { style } from './html/style.ts'
import { tablesSection } from './html/tables-section.ts'

/** The audit as one page that asks for nothing else: it can be mailed, printed and opened from a disk. Pure. */
export function renderHtml(report: AuditReport): string {
  const { database, findings, catalog, migrations } = report
  const places = new Map(migrations.map(({ name }, index) => [name, index]))
  const migrationLink = (name: string): Content => {
    const place = places.get(name)
    return place === undefined ? markup`<code>${name}</code>` : markup`<a href="#migration-${place}">${name}</a>`
  }
  const tables = affectedTables(catalog, findings)
  const { picture, style: highlights } = drawDiagram(tables, (id) => `#table-${id}`)
  const styles = `${style}\n${highlights}`
  const sections = [
    findingsSection(report, migrationLink),
    checklistSection(report.checklist),
    diagramSection(picture, tables.length),
    migrationsSection(report, migrationLink),
    tablesSection(tables, report.tables),
    historySection(report, migrationLink),
  ]
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src ${hash(styles)}; script-src ${hash(script)}; base-uri 'none'; form-action 'none'">
<title>Audit of ${database}</title>
<link rel="icon" href="data:,">
<style>${trusted(styles)}</style>
</head>
<body>
<a class="skip" href="#content">To the report</a>
${head(report)}
<div class="page">
${contents(report, tables.length)}
<main id="content">
${sections}
</main>
</div>
<footer><p>Made by metastore audit on ${time(report.at)}. Nothing in this page is loaded from elsewhere.</p></footer>
<script>${trusted(script)}</script>
</body>
</html>
`.markup
}

// What somebody put into a name is text; should that ever fail, the browser runs and loads only what is listed.
function hash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}

function head({ database, address, server, at, current, findings, migrations }: AuditReport): Markup {
  const tiles = (['P0', 'P1', 'P2'] as const).map((severity) => {
    const number = findings.filter((finding) => finding.severity === severity).length
    const tile = markup`<b>${number}</b> <span>${severity}</span>`
    return number === 0
      ? markup`<li class="tile none">${tile}</li>`
      : markup`<li class="tile ${severity}"><a href="#${severity}">${tile}</a></li>`
  })
  const objects = migrations.flatMap(({ provides }) => provides)
  const there = objects.filter(({ state }) => state === 'there').length
  return markup`<header>
<div class="headline"><p class="quiet">Audit</p><h1>${database}</h1>
<p class="verdict ${findings.length === 0 ? 'clean' : (findings[0]?.severity ?? '')}">${verdict(findings.length)}</p></div>
<ul class="tiles" aria-label="Findings by severity">${tiles}<li class="tile"><b>${there}<small>/${objects.length}</small></b> <span>objects as they should be</span></li></ul>
<dl class="facts"><div><dt>Address</dt><dd><code>${address}</code></dd></div><div><dt>Server</dt><dd>${server}</dd></div><div><dt>Looked at</dt><dd>${time(at)}</dd></div><div><dt>Newest migration</dt><dd>${current === null ? 'none is in effect' : markup`<code>${current}</code>`}</dd></div></dl>
</header>`
}

function verdict(findings: number): string {
  if (findings === 0) return 'The database is what its migrations say.'
  return `${counted(findings, 'finding')}: what is wrong, and what to do about it, is below.`
}

function contents({ findings, checklist, migrations }: AuditReport, tables: number): Markup {
  const applied = migrations.filter(({ appliedAt }) => appliedAt !== null).length
  const entries = [
    ['findings', 'Findings', findings.length, true],
    ['checklist', 'To do', checklist.length, checklist.length > 0],
    ['diagram', 'Diagram', null, tables > 0],
    ['migrations', 'Migrations', migrations.length, true],
    ['tables', 'Tables', tables, true],
    ['history', 'History', applied, applied > 0],
  ] as const
  return markup`<nav aria-label="Contents"><ul>${entries.map(([id, title, number, shown]) => shown && markup`<li><a href="#${id}">${title}${number !== null && markup` <span class="quiet">${number}</span>`}</a></li>`)}</ul>
<div class="tools" hidden><label for="filter">Filter</label><input id="filter" type="search" placeholder="a name or a word" autocomplete="off"><button type="button" id="theme">Dark</button></div></nav>`
}

function diagramSection(picture: Markup, tables: number): Markup | null {
  if (tables === 0) return null
  return markup`<section id="diagram"><h2>Diagram</h2>
<div class="tools" hidden role="group" aria-label="Size of the diagram"><button type="button" data-zoom="out" aria-label="Smaller">−</button><button type="button" data-zoom="in" aria-label="Larger">+</button><button type="button" data-zoom="fit">Fit</button><button type="button" data-zoom="full">Full size</button></div>
<div class="canvas" tabindex="0" role="region" aria-label="Diagram of the tables">${picture}</div>
<p class="legend quiet">An edge leads from a foreign key (<svg class="sample" viewBox="0 0 22 12" width="22" height="12" role="img" aria-label="fork"><path class="mark" d="M2 2L11 6L2 10M2 6H22"/></svg> any number of rows, or a bar for at most one) to the row it refers to (a bar for exactly one, a ring for one or none). PK primary key, FK foreign key, PF both; a question mark after a type: may be null. Dashed: missing.</p></section>`
}
