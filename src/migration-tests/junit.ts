import type { TestOutcome } from './migration-test.ts'

/** Outcomes as JUnit's XML, which CI systems read; a suite for each database. */
export function junitXml(
  suites: readonly { readonly name: string; readonly outcomes: readonly TestOutcome[] }[],
): string {
  const lines = suites.flatMap(({ name, outcomes }) => [
    `  <testsuite name="${escaped(name)}" tests="${outcomes.length}" failures="${number(outcomes, 'failed')}" skipped="${number(outcomes, 'skipped')}">`,
    ...outcomes.flatMap(testCase),
    '  </testsuite>',
  ])
  return `<?xml version="1.0" encoding="UTF-8"?>\n${['<testsuites>', ...lines, '</testsuites>'].join('\n')}\n`
}

function testCase({ title, path, outcome, durationMs, message, where }: TestOutcome): string[] {
  const begin = `    <testcase name="${escaped(title)}" classname="${escaped(path)}" time="${(durationMs / 1000).toFixed(3)}"`
  if (outcome === 'passed') return [`${begin}/>`]
  const kind = outcome === 'failed' ? 'failure' : 'skipped'
  return [
    `${begin}>`,
    `      <${kind} message="${escaped(message ?? '')}">${escaped(where ?? '')}</${kind}>`,
    '    </testcase>',
  ]
}

function number(outcomes: readonly TestOutcome[], outcome: TestOutcome['outcome']): number {
  return outcomes.filter((one) => one.outcome === outcome).length
}

// What XML does not allow at all is left out.
function escaped(text: string): string {
  return text
    .replaceAll(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
