import { id, sql, type Sql } from '../database/database.ts'
import type { Run } from './runs/run.ts'
import type { StoreTransaction } from './store-transaction.ts'

/** What a tenant may ask its language model in a minute; null is as much as it likes. */
export interface LlmLimits {
  readonly rate_limit_rpm: number | null
  readonly rate_limit_tpm: number | null
}

/** What a tenant has asked its language model, over all processes. */
export interface LlmUsage {
  /** Counts a request. When a limit is used up nothing is counted, and the seconds to wait are returned. */
  countRequest(limits: LlmLimits): Promise<number | undefined>
  /** Counts the tokens that a request has used. What is more than the limit has to run off before the next request. */
  countTokens(tokens: number, limits: LlmLimits): Promise<void>
}

/** What is counted by transactions of `run`. */
export function llmUsage(run: Run): LlmUsage {
  return {
    countRequest: (limits) => run((tx) => countRequest(tx, limits)),
    countTokens: (tokens, limits) =>
      run(async (tx) => {
        await tx.execute(sql`
          update tenant_llm_usage u
          set counted_at = ${later}, requests = ${left('requests', limits.rate_limit_rpm)},
            tokens = ${left('tokens', limits.rate_limit_tpm)} + ${tokens}::float8
          where tenant_id = ${tx.tenantId}`)
      }),
  }
}

// Who began later may have counted already.
const later = sql`greatest(u.counted_at, now())`

// What is still counted of a column: a limit's worth runs off in a minute. What has no limit is not counted.
function left(column: 'requests' | 'tokens', limit: number | null): Sql {
  if (limit === null) return sql`0::float8`
  const minutes = sql`extract(epoch from ${later} - u.counted_at)::float8 / 60`
  return sql`greatest(0, u.${id(column)} - ${limit}::float8 * ${minutes})`
}

async function countRequest(tx: StoreTransaction, limits: LlmLimits): Promise<number | undefined> {
  const { rate_limit_rpm: rpm, rate_limit_tpm: tpm } = limits
  const requests = left('requests', rpm)
  const tokens = left('tokens', tpm)
  const more = rpm === null ? 0 : 1
  const counted = await tx.execute(sql`
    insert into tenant_llm_usage as u (tenant_id, requests) values (${tx.tenantId}, ${more})
    on conflict (tenant_id) do update set
      counted_at = ${later}, requests = ${requests} + ${more}::float8, tokens = ${tokens}
    where true
      ${rpm === null ? sql`` : sql`and ${requests} + 1 <= ${rpm}::float8`}
      ${tpm === null ? sql`` : sql`and ${tokens} < ${tpm}::float8`}`)
  if (counted > 0) return undefined
  const used = await tx.first<{ requests: number; tokens: number }>(sql`
    select ${requests} as requests, ${tokens} as tokens from tenant_llm_usage u where tenant_id = ${tx.tenantId}`)
  const minutes = [
    rpm === null || used === undefined ? 0 : (used.requests + 1 - rpm) / rpm,
    tpm === null || used === undefined ? 0 : (used.tokens - tpm) / tpm,
  ]
  return Math.max(1, Math.ceil(Math.max(...minutes) * 60))
}
