import { sql } from '../database/database.ts'
import { notFound } from './failures.ts'
import type { AiGuardrailsPolicyRulesRow } from './rows.ts'
import type { Run } from './runs/run.ts'
import { texts } from './values.ts'

/** What the rules say of a text: the rule that decided, if one did. */
export interface Verdict {
  readonly decision: 'pass' | 'warn' | 'block'
  readonly rule: string | null
  readonly message: string | null
  readonly resolution: string | null
  readonly requires_manual_review: boolean
  readonly fallback_step: string | null
  readonly policy_tags: readonly string[]
}

/** A rule, of the tenant or shared. */
export type PolicyRule = AiGuardrailsPolicyRulesRow

/** A rule that a tenant sets. */
export interface NewPolicyRule {
  readonly name: string
  readonly severity: Verdict['decision']
  readonly message: string
  readonly priority?: number
  readonly resolution?: string | null
  readonly fallback_step?: string | null
  readonly requires_manual_review?: boolean
  readonly is_active?: boolean
  readonly policy_tags?: readonly string[]
  readonly match_all_keywords?: readonly string[]
  readonly match_any_keywords?: readonly string[]
  readonly match_pending_action_slugs?: readonly string[]
}

/** The rules that hold the assistants of a tenant back. */
export interface Guardrails {
  /** What the rules say of a text and of what is about to be done. A database without the module lets everything pass. */
  evaluate(text: string, pendingActions?: readonly string[]): Promise<Verdict>
  /** The tenant's own and the shared ones, those that decide first at the top. */
  list(): Promise<PolicyRule[]>
  /** Sets a rule of the tenant; one with the name of a shared rule takes its place. */
  put(rule: NewPolicyRule): Promise<void>
  /** Throws `not_found`. */
  remove(name: string): Promise<void>
}

const passes: Verdict = {
  decision: 'pass',
  rule: null,
  message: null,
  resolution: null,
  requires_manual_review: false,
  fallback_step: null,
  policy_tags: [],
}

/** The rules that transactions of `run` see. */
export function guardrails(run: Run): Guardrails {
  return {
    evaluate: (text, pendingActions = []) =>
      run(async (tx) => {
        const [module] = await tx.query<{ there: boolean }>(sql`
          select to_regprocedure('ai_guardrails.evaluate(text,text[])') is not null as there`)
        if (module?.there !== true) return passes
        const verdict = await tx.first<Verdict>(sql`
          select decision, rule, message, resolution, requires_manual_review, fallback_step, policy_tags
          from ai_guardrails.evaluate(${text}, ${texts(pendingActions)})`)
        return verdict ?? passes
      }),
    list: () =>
      run((tx) =>
        tx.query<PolicyRule>(sql`
          select tenant_id, created_at, updated_at, priority, requires_manual_review, is_active, name, severity, message,
            resolution, fallback_step, policy_tags, match_all_keywords, match_any_keywords, match_pending_action_slugs
          from ai_guardrails.policy_rules
          where tenant_id in (current_tenant(), shared_tenant())
          order by priority desc, name collate "C", tenant_id desc`),
      ),
    put: (rule) =>
      run(async (tx) => {
        await tx.execute(sql`
          insert into ai_guardrails.policy_rules (
            tenant_id, name, severity, message, priority, resolution, fallback_step, requires_manual_review, is_active,
            policy_tags, match_all_keywords, match_any_keywords, match_pending_action_slugs)
          values (
            ${tx.tenantId}, ${rule.name}, ${rule.severity}, ${rule.message}, ${rule.priority ?? 0},
            ${rule.resolution ?? null}, ${rule.fallback_step ?? null}, ${rule.requires_manual_review ?? false},
            ${rule.is_active ?? true}, ${texts(rule.policy_tags ?? [])}, ${texts(rule.match_all_keywords ?? [])},
            ${texts(rule.match_any_keywords ?? [])}, ${texts(rule.match_pending_action_slugs ?? [])})
          on conflict (tenant_id, name) do update set
            severity = excluded.severity, message = excluded.message, priority = excluded.priority,
            resolution = excluded.resolution, fallback_step = excluded.fallback_step,
            requires_manual_review = excluded.requires_manual_review, is_active = excluded.is_active,
            policy_tags = excluded.policy_tags, match_all_keywords = excluded.match_all_keywords,
            match_any_keywords = excluded.match_any_keywords,
            match_pending_action_slugs = excluded.match_pending_action_slugs`)
      }),
    remove: (name) =>
      run(async (tx) => {
        const removed = await tx.execute(
          sql`delete from ai_guardrails.policy_rules where tenant_id = ${tx.tenantId} and name = ${name}`,
        )
        if (removed === 0) throw notFound('rule', name)
      }),
  }
}
