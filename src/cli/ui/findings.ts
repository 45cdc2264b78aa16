import type { Finding } from '../../finding.ts'
import type { Output } from '../output.ts'

/** Prints findings, each with its remedy. */
export function renderFindings({ line, paint }: Output, findings: readonly Finding[]): void {
  for (const { code, hazard, severity, file, line: row, column, message, remedy, fix, asAction } of findings) {
    const colour = severity === 'P0' ? paint.bad : severity === 'P1' ? paint.warn : paint.faint
    const where = [file, row, column].filter((part) => part !== undefined).join(':')
    const name = hazard === undefined ? code : `${hazard} ${code}`
    line(`${colour(severity)} ${where === '' ? '' : `${where}: `}${message} ${paint.faint(`[${name}]`)}`)
    line(`   ${remedy}`)
    if (fix) line(`   fix: ${fix.description} (metastore check --fix)`)
    if (asAction !== undefined) {
      line('   as an action, in a .toml file:')
      for (const each of asAction.trimEnd().split('\n')) line(each === '' ? '' : `     ${each}`)
    }
  }
}
