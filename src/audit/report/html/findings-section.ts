import type { AuditFinding } from '../../audit-finding.ts'
import type { AuditReport } from '../../audit-report.ts'
import { markup, type Content, type Markup } from './markup.ts'
import { counted } from './numbers.ts'

/** What each severity means, as a heading says it. */
const severities = [
  ['P0', 'It will fail or lose data'],
  ['P1', 'It will hurt'],
  ['P2', 'Worth a look'],
] as const

/** The findings, the worst first, each with all that is needed to look at it and to mend it. */
export function findingsSection({ findings }: AuditReport, migrationLink: (name: string) => Content): Markup {
  if (findings.length === 0) {
    return markup`<section id="findings"><h2>Findings</h2><p class="clean">Everything is as the migrations say.</p></section>`
  }
  const groups = severities.map(([severity, meaning]) => {
    const own = [...findings.entries()].filter(([, finding]) => finding.severity === severity)
    if (own.length === 0) return null
    return markup`<section class="group" aria-labelledby="${severity}"><h3 id="${severity}"><span class="tag ${severity}">${severity}</span> ${meaning} <span class="quiet">${counted(own.length, 'finding')}</span></h3>
${own.map(([index, finding]) => oneFinding(finding, index, migrationLink))}</section>`
  })
  return markup`<section id="findings"><h2>Findings</h2>${groups}</section>`
}

function oneFinding(finding: AuditFinding, index: number, migrationLink: (name: string) => Content): Markup {
  const { code, severity, message, migration, remedy, query, repair, objectKey, file, line, column } = finding
  const place = [file, line, column].filter((one) => one !== undefined).join(':')
  return markup`<article class="finding ${severity}" id="finding-${index}" data-filter>
<h4>${message}</h4>
<p>${remedy}</p>
<dl class="facts">${fact('Object', objectKey === null ? null : markup`<code>${objectKey}</code>`)}${fact('Migration', migration === null ? null : migrationLink(migration))}${fact('File', place === '' ? null : markup`<code>${place}</code>`)}${fact('Kind', markup`<code>${code}</code>`)}</dl>
${query === null ? null : copyable('Look at it', query)}${repair.length === 0 ? null : copyable('Repair it', repair.join('\n'))}</article>
`
}

function fact(name: string, value: Content): Markup | null {
  return value === null ? null : markup`<div><dt>${name}</dt><dd>${value}</dd></div>`
}

/** A text to be copied; the script of the page adds the button. */
export function copyable(label: string, text: string): Markup {
  // A line break directly after the tag would be dropped: one of the text's own must survive.
  return markup`<figure class="copy"><figcaption>${label}</figcaption><pre tabindex="0" aria-label="${label}"><code>${text}</code></pre></figure>`
}
