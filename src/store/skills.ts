import { sql } from '../database/database.ts'
import { notFound } from './failures.ts'
import type { Page, Paged } from './page.ts'
import { explaining } from './refusals.ts'
import type { SkillRunsRow, SkillWorkflowsRow } from './rows.ts'
import type { Run } from './runs/run.ts'
import { json, type JsonObject } from './values.ts'

/** Something that an assistant has learnt to do, in versions. */
export type Skill = Omit<SkillWorkflowsRow, 'tenant_id'>

/** How a skill went once. */
export type SkillRun = Omit<SkillRunsRow, 'tenant_id'>

/** A skill that is to be added, or a new version of one. */
export interface NewSkill {
  readonly name: string
  readonly description?: string | null
  readonly parameters?: JsonObject
  readonly steps?: readonly unknown[]
}

/** How a skill went, to be noted. */
export interface NewSkillRun {
  readonly success: boolean
  readonly outcome: string
  readonly run_id?: string | null
  readonly latency_ms?: number | null
  readonly verification?: JsonObject
}

/** What the assistants of a tenant have learnt. */
export interface Skills {
  /** Adds the next version of what has this name: 1, 2, 3, also when many do it at once. */
  define(skill: NewSkill): Promise<Skill>
  /** The newest version, or that one. Throws `not_found`. */
  get(name: string, version?: number): Promise<Skill>
  /** The newest version of each, by name; `after` is a name. */
  list(page: Page): Promise<Paged<Skill>>
  /** Throws `not_found`. */
  recordRun(skillId: string, run: NewSkillRun): Promise<void>
  /** The newest first. */
  runs(skillId: string, limit: number): Promise<SkillRun[]>
}

const columns = sql`id, created_at, updated_at, version, name, description, parameters, steps`

/** The skills that transactions of `run` see. */
export function skills(run: Run): Skills {
  return {
    define: ({ name, description, parameters, steps }) =>
      run(async (tx) => {
        // Nobody else numbers this name meanwhile; there is no row to lock before the first.
        await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${`skill ${tx.tenantId} ${name}`}, 0))`)
        const [made] = await tx.query<Skill>(sql`
          insert into skill_workflows (tenant_id, version, name, description, parameters, steps)
          values (
            ${tx.tenantId}, 1 + coalesce((select max(version) from skill_workflows where name = ${name}), 0), ${name},
            ${description ?? null}, ${json(parameters ?? {})}, ${json(steps ?? [])})
          returning ${columns}`)
        return made as Skill
      }),
    get: (name, version) =>
      run(async (tx) => {
        const found = await tx.first<Skill>(sql`
          select ${columns} from skill_workflows
          where name = ${name} ${version === undefined ? sql`` : sql`and version = ${version}`}
          order by version desc limit 1`)
        if (found === undefined) throw notFound('skill', name)
        return found
      }),
    list: ({ limit, after }) =>
      run(async (tx) => {
        const rows = await tx.query<Skill>(sql`
          select distinct on (name) ${columns} from skill_workflows
          where tenant_id = ${tx.tenantId} ${after === undefined ? sql`` : sql`and name > ${after}`}
          order by name, version desc
          limit ${limit + 1}`)
        const last = rows.length > limit ? rows[limit - 1] : undefined
        return { rows: rows.slice(0, limit), next: last?.name }
      }),
    recordRun: (skillId, { success, outcome, run_id, latency_ms, verification }) =>
      run((tx) =>
        explaining({ skill_runs_tenant_id_skill_workflow_id_fkey: () => notFound('skill', skillId) }, async () => {
          await tx.execute(sql`
            insert into skill_runs (tenant_id, skill_workflow_id, run_id, latency_ms, success, outcome, verification)
            values (
              ${tx.tenantId}, ${skillId}, ${run_id ?? null}, ${latency_ms ?? null}, ${success}, ${outcome},
              ${json(verification ?? {})})`)
        }),
      ),
    runs: (skillId, limit) =>
      run((tx) =>
        tx.query<SkillRun>(sql`
          select id, skill_workflow_id, run_id, created_at, latency_ms, success, outcome, verification
          from skill_runs where skill_workflow_id = ${skillId} order by created_at desc limit ${limit}`),
      ),
  }
}
