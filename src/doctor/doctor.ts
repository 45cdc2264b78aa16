import { MetastoreError } from '../errors.ts'
import { doctorChecks } from './checks.ts'
import type { Diagnosis, Patient } from './diagnosis.ts'

export type { Diagnosis, Patient } from './diagnosis.ts'

/** Runs every check. One that the database refuses becomes a warning of its own and does not keep the others from running. */
export async function examine(patient: Patient): Promise<Diagnosis[]> {
  const diagnoses: Diagnosis[] = []
  for (const check of doctorChecks) {
    try {
      diagnoses.push(...(await check.run(patient)))
    } catch (error) {
      if (!(error instanceof MetastoreError) || !isRefusal(error)) throw error
      diagnoses.push({
        check: check.name,
        severity: 'warning',
        message: `This could not be looked at: ${error.message}`,
        remedy: error.remedy,
      })
    }
  }
  return diagnoses
}

function isRefusal({ code }: MetastoreError): boolean {
  return code === 'statement_failed' || code === 'privilege_missing'
}
