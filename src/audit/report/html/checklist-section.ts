import type { ChecklistItem } from '../../audit-report.ts'
import { markup, type Markup } from './markup.ts'

/** What to do, in order; null when there is nothing. */
export function checklistSection(checklist: readonly ChecklistItem[]): Markup | null {
  if (checklist.length === 0) return null
  const items = checklist.map(
    ({ title, run }) =>
      markup`<li><label><input type="checkbox"> <span>${title}</span></label>${run === null ? null : markup`<figure class="copy inline"><pre tabindex="0" aria-label="Command"><code>${run}</code></pre></figure>`}</li>
`,
  )
  return markup`<section id="checklist"><h2>To do</h2><ol class="checklist">${items}</ol></section>`
}
