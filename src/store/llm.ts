import { sql } from '../database/database.ts'
import type { Run } from './run.ts'

/** What decrypts keys; a keyring does. */
export interface Decryption {
  decrypt(token: string): string
}

/** What calling a model needs. Never to be logged or sent. */
export interface LlmAccess {
  readonly provider: string
  readonly model_name: string
  readonly context_window: number
  readonly api_key: string | undefined
}

/** The language models of a tenant. */
export interface Llm {
  /** The provider, the model and the decrypted key, for whoever calls the model; undefined without configuration. */
  access(keys: Decryption): Promise<LlmAccess | undefined>
}

/** The models that transactions of `run` see. */
export function llm(run: Run): Llm {
  return {
    access: (keys) =>
      run(async (tx) => {
        const found = await tx.first<Omit<LlmAccess, 'api_key'> & { encrypted_api_key: string | null }>(sql`
          select m.provider, m.model_name, m.context_window, c.encrypted_api_key
          from tenant_llm_configs c
            join llm_models m on m.tenant_id in (c.tenant_id, shared_tenant()) and m.id = c.llm_model_id
          where c.tenant_id = ${tx.tenantId}`)
        if (found === undefined) return undefined
        const { encrypted_api_key: token, ...model } = found
        return { ...model, api_key: token === null ? undefined : keys.decrypt(token) }
      }),
  }
}
