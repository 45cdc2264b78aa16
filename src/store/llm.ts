import { sql } from '../database/database.ts'
import { invalid, notFound } from './failures.ts'
import { type LlmLimits, type LlmUsage, llmUsage } from './llm-usage.ts'
import { explaining } from './refusals.ts'
import type { LlmModelsRow } from './rows.ts'
import type { Run } from './runs/run.ts'
import type { StoreTransaction } from './store-transaction.ts'
import { json, type JsonObject } from './values.ts'

/** A language model, of the tenant or shared. */
export type LlmModel = Omit<LlmModelsRow, 'tenant_id'> & { readonly shared: boolean }

/** A model that a tenant adds for itself. */
export interface NewLlmModel {
  readonly provider: string
  readonly model_name: string
  readonly context_window: number
  readonly cost_per_1k_input_tokens?: number | undefined
  readonly cost_per_1k_output_tokens?: number | undefined
  readonly capabilities?: JsonObject | undefined
}

/** The model that the assistants of a tenant use, and whether there is a key; the key itself is in no answer. */
export interface LlmConfig extends LlmLimits {
  readonly llm_model_id: string
  readonly has_api_key: boolean
  readonly created_at: Date
  readonly updated_at: Date
}

/** What encrypts keys; a keyring does. */
export interface Encryption {
  encrypt(plaintext: string): string
}

/** What decrypts keys; a keyring does. */
export interface Decryption {
  decrypt(token: string): string
}

/** A change of the configuration; what is not given stays. */
export interface LlmConfigChange {
  readonly llm_model_id: string
  readonly rate_limit_rpm?: number | null | undefined
  readonly rate_limit_tpm?: number | null | undefined
  /** As it was encrypted; null takes it away. */
  readonly encrypted_api_key?: string | null | undefined
}

/** The language models of a tenant. */
export interface Llm extends LlmUsage {
  /** The tenant's own and the shared ones. */
  models(): Promise<LlmModel[]>
  /** Throws `request_invalid` for a model that is there already. */
  addModel(model: NewLlmModel): Promise<LlmModel>
  /** Throws `not_found` when none is set. */
  config(): Promise<LlmConfig>
  /** Throws `request_invalid` for a model that there is not. */
  setConfig(change: LlmConfigChange): Promise<LlmConfig>
  /** The provider, the model, its limits and the decrypted key, for whoever calls the model; undefined without configuration. */
  access(keys: Decryption): Promise<LlmAccess | undefined>
}

/** What calling a model needs. Never to be logged or sent. */
export interface LlmAccess extends LlmLimits {
  readonly provider: string
  readonly model_name: string
  readonly context_window: number
  readonly api_key: string | undefined
}

const modelColumns = sql`
  id, tenant_id = shared_tenant() as shared, created_at, updated_at, context_window, is_active, provider, model_name,
  cost_per_1k_input_tokens, cost_per_1k_output_tokens, capabilities`
const configColumns = sql`
  llm_model_id, rate_limit_rpm, rate_limit_tpm, encrypted_api_key is not null as has_api_key, created_at, updated_at`

/** The models that transactions of `run` see. */
export function llm(run: Run): Llm {
  return {
    ...llmUsage(run),
    models: () =>
      run((tx) =>
        tx.query<LlmModel>(sql`
          select ${modelColumns} from llm_models
          where tenant_id in (current_tenant(), shared_tenant()) order by provider, model_name, id`),
      ),
    addModel: (model) =>
      run((tx) =>
        explaining(
          { llm_models_name_unique: () => invalid('model_name', 'The provider has a model of this name already.') },
          async () => {
            const [made] = await tx.query<LlmModel>(sql`
              insert into llm_models (
                tenant_id, context_window, provider, model_name, cost_per_1k_input_tokens, cost_per_1k_output_tokens,
                capabilities)
              values (
                ${tx.tenantId}, ${model.context_window}, ${model.provider}, ${model.model_name},
                ${model.cost_per_1k_input_tokens ?? 0}, ${model.cost_per_1k_output_tokens ?? 0},
                ${json(model.capabilities ?? {})})
              returning ${modelColumns}`)
            return made as LlmModel
          },
        ),
      ),
    config: () =>
      run(async (tx) => {
        const found = await tx.first<LlmConfig>(
          sql`select ${configColumns} from tenant_llm_configs where tenant_id = ${tx.tenantId}`,
        )
        if (found === undefined) throw notFound('language model of tenant', tx.tenantId)
        return found
      }),
    setConfig: (change) => run((tx) => setConfig(tx, change)),
    access: (keys) =>
      run(async (tx) => {
        const found = await tx.first<Omit<LlmAccess, 'api_key'> & { encrypted_api_key: string | null }>(sql`
          select m.provider, m.model_name, m.context_window, c.rate_limit_rpm, c.rate_limit_tpm, c.encrypted_api_key
          from tenant_llm_configs c
            join llm_models m on m.tenant_id in (c.tenant_id, shared_tenant()) and m.id = c.llm_model_id
          where c.tenant_id = ${tx.tenantId}`)
        if (found === undefined) return undefined
        const { encrypted_api_key: token, ...model } = found
        return { ...model, api_key: token === null ? undefined : keys.decrypt(token) }
      }),
  }
}

function setConfig(tx: StoreTransaction, change: LlmConfigChange): Promise<LlmConfig> {
  const { llm_model_id, rate_limit_rpm, rate_limit_tpm, encrypted_api_key } = change
  const refusals = {
    tenant_llm_configs_llm_model_id_exists: () => invalid('llm_model_id', 'There is no such model.'),
  }
  return explaining(refusals, async () => {
    const [set] = await tx.query<LlmConfig>(sql`
      insert into tenant_llm_configs (tenant_id, llm_model_id, rate_limit_rpm, rate_limit_tpm, encrypted_api_key)
      values (
        ${tx.tenantId}, ${llm_model_id}, ${rate_limit_rpm ?? null}, ${rate_limit_tpm ?? null}, ${encrypted_api_key ?? null})
      on conflict (tenant_id) do update set llm_model_id = excluded.llm_model_id
        ${rate_limit_rpm === undefined ? sql`` : sql`, rate_limit_rpm = excluded.rate_limit_rpm`}
        ${rate_limit_tpm === undefined ? sql`` : sql`, rate_limit_tpm = excluded.rate_limit_tpm`}
        ${encrypted_api_key === undefined ? sql`` : sql`, encrypted_api_key = excluded.encrypted_api_key, key_id = null`}
      returning ${configColumns}`)
    return set as LlmConfig
  })
}
