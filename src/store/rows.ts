// Made by metastore generate types: run it again instead of changing this file.
// numeric is a string, because a number in JavaScript holds 53 bits; moments and days are Date, as drivers give them.

/** What json and jsonb hold. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue }

/** Rules of a tenant, and of the shared tenant for all. A rule of a tenant takes the place of the shared one of its name. */
export interface AiGuardrailsPolicyRulesRow {
  tenant_id: string
  created_at: Date
  updated_at: Date
  priority: number
  requires_manual_review: boolean
  is_active: boolean
  name: string
  severity: string
  message: string
  resolution: string | null
  fallback_step: string | null
  policy_tags: (string | null)[]
  match_all_keywords: (string | null)[]
  match_any_keywords: (string | null)[]
  match_pending_action_slugs: (string | null)[]
}

/** A new row of policy_rules. */
export interface AiGuardrailsPolicyRulesInsert {
  tenant_id: string
  created_at?: Date
  updated_at?: Date
  priority?: number
  requires_manual_review?: boolean
  is_active?: boolean
  name: string
  severity: string
  message: string
  resolution?: string | null
  fallback_step?: string | null
  policy_tags?: (string | null)[]
  match_all_keywords?: (string | null)[]
  match_any_keywords?: (string | null)[]
  match_pending_action_slugs?: (string | null)[]
}

/** A change of a row of policy_rules. */
export interface AiGuardrailsPolicyRulesUpdate {
  tenant_id?: string
  created_at?: Date
  updated_at?: Date
  priority?: number
  requires_manual_review?: boolean
  is_active?: boolean
  name?: string
  severity?: string
  message?: string
  resolution?: string | null
  fallback_step?: string | null
  policy_tags?: (string | null)[]
  match_all_keywords?: (string | null)[]
  match_any_keywords?: (string | null)[]
  match_pending_action_slugs?: (string | null)[]
}

/** Keys by their hash; the prefix finds the row, and is all that is ever shown. */
export interface ApiKeysRow {
  tenant_id: string
  id: string
  user_id: string | null
  created_at: Date
  updated_at: Date
  expires_at: Date | null
  last_used_at: Date | null
  revoked_at: Date | null
  name: string
  prefix: string
  hash: Uint8Array
  role: string
}

/** A new row of api_keys. */
export interface ApiKeysInsert {
  tenant_id: string
  id?: string
  user_id?: string | null
  created_at?: Date
  updated_at?: Date
  expires_at?: Date | null
  last_used_at?: Date | null
  revoked_at?: Date | null
  name: string
  prefix: string
  hash: Uint8Array
  role?: string
}

/** A change of a row of api_keys. */
export interface ApiKeysUpdate {
  tenant_id?: string
  id?: string
  user_id?: string | null
  created_at?: Date
  updated_at?: Date
  expires_at?: Date | null
  last_used_at?: Date | null
  revoked_at?: Date | null
  name?: string
  prefix?: string
  hash?: Uint8Array
  role?: string
}

export interface AssistantToolsRow {
  tenant_id: string
  assistant_id: string
  tool_id: string
  created_at: Date
  updated_at: Date
  priority: number
}

/** A new row of assistant_tools. */
export interface AssistantToolsInsert {
  tenant_id: string
  assistant_id: string
  tool_id: string
  created_at?: Date
  updated_at?: Date
  priority?: number
}

/** A change of a row of assistant_tools. */
export interface AssistantToolsUpdate {
  tenant_id?: string
  assistant_id?: string
  tool_id?: string
  created_at?: Date
  updated_at?: Date
  priority?: number
}

/** What an assistant was at each version; written by a trigger of assistants, never changed. */
export interface AssistantVersionsRow {
  tenant_id: string
  assistant_id: string
  created_at: Date
  version: number
  graph_id: string
  name: string
  description: string | null
  prompt: string | null
  config: JsonValue
  context: JsonValue
  metadata: JsonValue
}

/** A new row of assistant_versions. */
export interface AssistantVersionsInsert {
  tenant_id: string
  assistant_id: string
  created_at?: Date
  version: number
  graph_id: string
  name: string
  description?: string | null
  prompt?: string | null
  config?: JsonValue
  context?: JsonValue
  metadata?: JsonValue
}

/** A change of a row of assistant_versions. */
export interface AssistantVersionsUpdate {
  tenant_id?: string
  assistant_id?: string
  created_at?: Date
  version?: number
  graph_id?: string
  name?: string
  description?: string | null
  prompt?: string | null
  config?: JsonValue
  context?: JsonValue
  metadata?: JsonValue
}

/** Agents and assistants. Two may have the same graph, configuration and name. */
export interface AssistantsRow {
  tenant_id: string
  assistant_id: string
  llm_model_id: string | null
  output_format_id: string | null
  created_at: Date
  updated_at: Date
  version: number
  is_active: boolean
  is_system: boolean
  graph_id: string
  name: string
  description: string | null
  prompt: string | null
  config: JsonValue
  context: JsonValue
  metadata: JsonValue
}

/** A new row of assistants. */
export interface AssistantsInsert {
  tenant_id: string
  assistant_id?: string
  llm_model_id?: string | null
  output_format_id?: string | null
  created_at?: Date
  updated_at?: Date
  version?: number
  is_active?: boolean
  is_system?: boolean
  graph_id: string
  name?: string
  description?: string | null
  prompt?: string | null
  config?: JsonValue
  context?: JsonValue
  metadata?: JsonValue
}

/** A change of a row of assistants. */
export interface AssistantsUpdate {
  tenant_id?: string
  assistant_id?: string
  llm_model_id?: string | null
  output_format_id?: string | null
  created_at?: Date
  updated_at?: Date
  version?: number
  is_active?: boolean
  is_system?: boolean
  graph_id?: string
  name?: string
  description?: string | null
  prompt?: string | null
  config?: JsonValue
  context?: JsonValue
  metadata?: JsonValue
}

export interface BaseToolsRow {
  tenant_id: string
  id: string
  created_at: Date
  updated_at: Date
  type: string
  handler_class: string
  default_config_schema: JsonValue
}

/** A new row of base_tools. */
export interface BaseToolsInsert {
  tenant_id: string
  id?: string
  created_at?: Date
  updated_at?: Date
  type: string
  handler_class: string
  default_config_schema?: JsonValue
}

/** A change of a row of base_tools. */
export interface BaseToolsUpdate {
  tenant_id?: string
  id?: string
  created_at?: Date
  updated_at?: Date
  type?: string
  handler_class?: string
  default_config_schema?: JsonValue
}

export interface CheckpointBlobsRow {
  tenant_id: string
  thread_id: string
  checkpoint_ns: string
  channel: string
  version: string
  type: string
  blob: Uint8Array | null
}

/** A new row of checkpoint_blobs. */
export interface CheckpointBlobsInsert {
  tenant_id: string
  thread_id: string
  checkpoint_ns?: string
  channel: string
  version: string
  type: string
  blob?: Uint8Array | null
}

/** A change of a row of checkpoint_blobs. */
export interface CheckpointBlobsUpdate {
  tenant_id?: string
  thread_id?: string
  checkpoint_ns?: string
  channel?: string
  version?: string
  type?: string
  blob?: Uint8Array | null
}

/** run_id is of the run that has written it, which may have begun at a checkpoint of another. */
export interface CheckpointWritesRow {
  tenant_id: string
  thread_id: string
  run_id: string | null
  idx: number
  checkpoint_ns: string
  checkpoint_id: string
  task_id: string
  task_path: string
  channel: string
  type: string | null
  blob: Uint8Array | null
}

/** A new row of checkpoint_writes. */
export interface CheckpointWritesInsert {
  tenant_id: string
  thread_id: string
  run_id?: string | null
  idx: number
  checkpoint_ns?: string
  checkpoint_id: string
  task_id: string
  task_path?: string
  channel: string
  type?: string | null
  blob?: Uint8Array | null
}

/** A change of a row of checkpoint_writes. */
export interface CheckpointWritesUpdate {
  tenant_id?: string
  thread_id?: string
  run_id?: string | null
  idx?: number
  checkpoint_ns?: string
  checkpoint_id?: string
  task_id?: string
  task_path?: string
  channel?: string
  type?: string | null
  blob?: Uint8Array | null
}

/** Without the values of channels, which are in checkpoint_blobs. The newest is the greatest checkpoint_id of a namespace. */
export interface CheckpointsRow {
  tenant_id: string
  thread_id: string
  run_id: string | null
  created_at: Date
  checkpoint_ns: string
  checkpoint_id: string
  parent_checkpoint_id: string | null
  type: string | null
  checkpoint: JsonValue
  metadata: JsonValue
}

/** A new row of checkpoints. */
export interface CheckpointsInsert {
  tenant_id: string
  thread_id: string
  run_id?: string | null
  created_at?: Date
  checkpoint_ns?: string
  checkpoint_id: string
  parent_checkpoint_id?: string | null
  type?: string | null
  checkpoint: JsonValue
  metadata?: JsonValue
}

/** A change of a row of checkpoints. */
export interface CheckpointsUpdate {
  tenant_id?: string
  thread_id?: string
  run_id?: string | null
  created_at?: Date
  checkpoint_ns?: string
  checkpoint_id?: string
  parent_checkpoint_id?: string | null
  type?: string | null
  checkpoint?: JsonValue
  metadata?: JsonValue
}

export interface ChunksRow {
  tenant_id: string
  id: string
  document_id: string
  created_at: Date
  updated_at: Date
  position: number
  content: string
  metadata: JsonValue
  search: string | null
  embedding: string | null
  embedding_model: string | null
  embed_after: Date | null
}

/** A new row of chunks. */
export interface ChunksInsert {
  tenant_id: string
  id?: string
  document_id: string
  created_at?: Date
  updated_at?: Date
  position: number
  content: string
  metadata?: JsonValue
  embedding?: string | null
  embedding_model?: string | null
  embed_after?: Date | null
}

/** A change of a row of chunks. */
export interface ChunksUpdate {
  tenant_id?: string
  id?: string
  document_id?: string
  created_at?: Date
  updated_at?: Date
  position?: number
  content?: string
  metadata?: JsonValue
  embedding?: string | null
  embedding_model?: string | null
  embed_after?: Date | null
}

export interface CronsRow {
  tenant_id: string
  cron_id: string
  assistant_id: string
  thread_id: string | null
  user_id: string | null
  created_at: Date
  updated_at: Date
  end_time: Date | null
  next_run_date: Date | null
  occurrence_seq: number
  enabled: boolean
  schedule: string
  timezone: string
  on_run_completed: string
  payload: JsonValue
  metadata: JsonValue
}

/** A new row of crons. */
export interface CronsInsert {
  tenant_id: string
  cron_id?: string
  assistant_id: string
  thread_id?: string | null
  user_id?: string | null
  created_at?: Date
  updated_at?: Date
  end_time?: Date | null
  next_run_date?: Date | null
  occurrence_seq?: number
  enabled?: boolean
  schedule: string
  timezone?: string
  on_run_completed?: string
  payload?: JsonValue
  metadata?: JsonValue
}

/** A change of a row of crons. */
export interface CronsUpdate {
  tenant_id?: string
  cron_id?: string
  assistant_id?: string
  thread_id?: string | null
  user_id?: string | null
  created_at?: Date
  updated_at?: Date
  end_time?: Date | null
  next_run_date?: Date | null
  occurrence_seq?: number
  enabled?: boolean
  schedule?: string
  timezone?: string
  on_run_completed?: string
  payload?: JsonValue
  metadata?: JsonValue
}

export interface DocumentsRow {
  tenant_id: string
  id: string
  created_at: Date
  updated_at: Date
  reference: string
  title: string
  source: string | null
  uri: string | null
  content_hash: Uint8Array | null
  metadata: JsonValue
}

/** A new row of documents. */
export interface DocumentsInsert {
  tenant_id: string
  id?: string
  created_at?: Date
  updated_at?: Date
  reference: string
  title: string
  source?: string | null
  uri?: string | null
  content_hash?: Uint8Array | null
  metadata?: JsonValue
}

/** A change of a row of documents. */
export interface DocumentsUpdate {
  tenant_id?: string
  id?: string
  created_at?: Date
  updated_at?: Date
  reference?: string
  title?: string
  source?: string | null
  uri?: string | null
  content_hash?: Uint8Array | null
  metadata?: JsonValue
}

export interface EscalationsRow {
  tenant_id: string
  id: string
  thread_id: string
  supporter_id: string | null
  created_at: Date
  updated_at: Date
  assigned_at: Date | null
  started_at: Date | null
  resolved_at: Date | null
  closed_at: Date | null
  status: string
  priority: string
  reason: string
  notes: string | null
}

/** A new row of escalations. */
export interface EscalationsInsert {
  tenant_id: string
  id?: string
  thread_id: string
  supporter_id?: string | null
  created_at?: Date
  updated_at?: Date
  assigned_at?: Date | null
  started_at?: Date | null
  resolved_at?: Date | null
  closed_at?: Date | null
  status?: string
  priority?: string
  reason: string
  notes?: string | null
}

/** A change of a row of escalations. */
export interface EscalationsUpdate {
  tenant_id?: string
  id?: string
  thread_id?: string
  supporter_id?: string | null
  created_at?: Date
  updated_at?: Date
  assigned_at?: Date | null
  started_at?: Date | null
  resolved_at?: Date | null
  closed_at?: Date | null
  status?: string
  priority?: string
  reason?: string
  notes?: string | null
}

export interface EventsRow {
  tenant_id: string
  id: string
  thread_id: string | null
  occurred_at: Date
  latency_ms: number | null
  source: string
  tool: string | null
  event_type: string
  status: string
  error_code: string | null
  error_message: string | null
  trace_id: string | null
  metadata: JsonValue
}

/** A new row of events. */
export interface EventsInsert {
  tenant_id: string
  id?: string
  thread_id?: string | null
  occurred_at?: Date
  latency_ms?: number | null
  source: string
  tool?: string | null
  event_type: string
  status: string
  error_code?: string | null
  error_message?: string | null
  trace_id?: string | null
  metadata?: JsonValue
}

/** A change of a row of events. */
export interface EventsUpdate {
  tenant_id?: string
  id?: string
  thread_id?: string | null
  occurred_at?: Date
  latency_ms?: number | null
  source?: string
  tool?: string | null
  event_type?: string
  status?: string
  error_code?: string | null
  error_message?: string | null
  trace_id?: string | null
  metadata?: JsonValue
}

export interface IdempotencyKeysRow {
  tenant_id: string
  created_at: Date
  expires_at: Date
  scope: string
  key: string
  fingerprint: Uint8Array
  response: JsonValue | null
}

/** A new row of idempotency_keys. */
export interface IdempotencyKeysInsert {
  tenant_id: string
  created_at?: Date
  expires_at: Date
  scope: string
  key: string
  fingerprint: Uint8Array
  response?: JsonValue | null
}

/** A change of a row of idempotency_keys. */
export interface IdempotencyKeysUpdate {
  tenant_id?: string
  created_at?: Date
  expires_at?: Date
  scope?: string
  key?: string
  fingerprint?: Uint8Array
  response?: JsonValue | null
}

export interface IdentitiesRow {
  tenant_id: string
  id: string
  user_id: string
  created_at: Date
  updated_at: Date
  provider: string
  provider_subject: string
  password_hash: string | null
}

/** A new row of identities. */
export interface IdentitiesInsert {
  tenant_id: string
  id?: string
  user_id: string
  created_at?: Date
  updated_at?: Date
  provider: string
  provider_subject: string
  password_hash?: string | null
}

/** A change of a row of identities. */
export interface IdentitiesUpdate {
  tenant_id?: string
  id?: string
  user_id?: string
  created_at?: Date
  updated_at?: Date
  provider?: string
  provider_subject?: string
  password_hash?: string | null
}

export interface LlmModelsRow {
  tenant_id: string
  id: string
  created_at: Date
  updated_at: Date
  context_window: number
  is_active: boolean
  provider: string
  model_name: string
  cost_per_1k_input_tokens: string
  cost_per_1k_output_tokens: string
  capabilities: JsonValue
}

/** A new row of llm_models. */
export interface LlmModelsInsert {
  tenant_id: string
  id?: string
  created_at?: Date
  updated_at?: Date
  context_window: number
  is_active?: boolean
  provider: string
  model_name: string
  cost_per_1k_input_tokens?: string
  cost_per_1k_output_tokens?: string
  capabilities?: JsonValue
}

/** A change of a row of llm_models. */
export interface LlmModelsUpdate {
  tenant_id?: string
  id?: string
  created_at?: Date
  updated_at?: Date
  context_window?: number
  is_active?: boolean
  provider?: string
  model_name?: string
  cost_per_1k_input_tokens?: string
  cost_per_1k_output_tokens?: string
  capabilities?: JsonValue
}

/** sequence is 1, 2, 3 within a thread; a trigger gives it. */
export interface MessagesRow {
  tenant_id: string
  id: string
  thread_id: string
  client_message_id: string | null
  sequence: number
  created_at: Date
  updated_at: Date
  committed_to_knowledge_base: boolean
  role: string
  content: string | null
  content_json: JsonValue | null
  artifact: JsonValue | null
  metadata: JsonValue
}

/** A new row of messages. */
export interface MessagesInsert {
  tenant_id: string
  id?: string
  thread_id: string
  client_message_id?: string | null
  sequence: number
  created_at?: Date
  updated_at?: Date
  committed_to_knowledge_base?: boolean
  role: string
  content?: string | null
  content_json?: JsonValue | null
  artifact?: JsonValue | null
  metadata?: JsonValue
}

/** A change of a row of messages. */
export interface MessagesUpdate {
  tenant_id?: string
  id?: string
  thread_id?: string
  client_message_id?: string | null
  sequence?: number
  created_at?: Date
  updated_at?: Date
  committed_to_knowledge_base?: boolean
  role?: string
  content?: string | null
  content_json?: JsonValue | null
  artifact?: JsonValue | null
  metadata?: JsonValue
}

/** Webhooks to be sent, written with the end of a run. The run may be gone when its webhook is sent, so that run_id is no foreign key. */
export interface OutboxRow {
  tenant_id: string
  delivery_id: string
  run_id: string
  created_at: Date
  next_at: Date
  done_at: Date | null
  attempts: number
  url: string
  last_error: string | null
  trace: JsonValue | null
  body: Uint8Array
}

/** A new row of outbox. */
export interface OutboxInsert {
  tenant_id: string
  delivery_id?: string
  run_id: string
  created_at?: Date
  next_at?: Date
  done_at?: Date | null
  attempts?: number
  url: string
  last_error?: string | null
  trace?: JsonValue | null
  body: Uint8Array
}

/** A change of a row of outbox. */
export interface OutboxUpdate {
  tenant_id?: string
  delivery_id?: string
  run_id?: string
  created_at?: Date
  next_at?: Date
  done_at?: Date | null
  attempts?: number
  url?: string
  last_error?: string | null
  trace?: JsonValue | null
  body?: Uint8Array
}

export interface OutputFormatsRow {
  tenant_id: string
  id: string
  created_at: Date
  updated_at: Date
  name: string
  description: string | null
  schema: JsonValue
}

/** A new row of output_formats. */
export interface OutputFormatsInsert {
  tenant_id: string
  id?: string
  created_at?: Date
  updated_at?: Date
  name: string
  description?: string | null
  schema?: JsonValue
}

/** A change of a row of output_formats. */
export interface OutputFormatsUpdate {
  tenant_id?: string
  id?: string
  created_at?: Date
  updated_at?: Date
  name?: string
  description?: string | null
  schema?: JsonValue
}

export interface RunEventsRow {
  tenant_id: string
  run_id: string
  seq: number
  at: Date
  event: string
  data: JsonValue | null
  data_exact: Uint8Array | null
}

/** A new row of run_events. */
export interface RunEventsInsert {
  tenant_id: string
  run_id: string
  seq: number
  at?: Date
  event: string
  data?: JsonValue | null
  data_exact?: Uint8Array | null
}

/** A change of a row of run_events. */
export interface RunEventsUpdate {
  tenant_id?: string
  run_id?: string
  seq?: number
  at?: Date
  event?: string
  data?: JsonValue | null
  data_exact?: Uint8Array | null
}

/** result_exact holds a result that JSON in the database cannot. cancel_action is what a running run is asked to do: its worker does it. */
export interface RunsRow {
  tenant_id: string
  run_id: string
  thread_id: string
  assistant_id: string
  created_at: Date
  updated_at: Date
  not_before: Date
  lease_until: Date | null
  started_at: Date | null
  ended_at: Date | null
  attempt: number
  temporary: boolean
  status: string
  multitask_strategy: string
  claimed_by: string | null
  cancel_action: string | null
  webhook: string | null
  metadata: JsonValue
  kwargs: JsonValue
  error: JsonValue | null
  result: JsonValue | null
  result_exact: Uint8Array | null
}

/** A new row of runs. */
export interface RunsInsert {
  tenant_id: string
  run_id?: string
  thread_id: string
  assistant_id: string
  created_at?: Date
  updated_at?: Date
  not_before?: Date
  lease_until?: Date | null
  started_at?: Date | null
  ended_at?: Date | null
  attempt?: number
  temporary?: boolean
  status?: string
  multitask_strategy?: string
  claimed_by?: string | null
  cancel_action?: string | null
  webhook?: string | null
  metadata?: JsonValue
  kwargs?: JsonValue
  error?: JsonValue | null
  result?: JsonValue | null
  result_exact?: Uint8Array | null
}

/** A change of a row of runs. */
export interface RunsUpdate {
  tenant_id?: string
  run_id?: string
  thread_id?: string
  assistant_id?: string
  created_at?: Date
  updated_at?: Date
  not_before?: Date
  lease_until?: Date | null
  started_at?: Date | null
  ended_at?: Date | null
  attempt?: number
  temporary?: boolean
  status?: string
  multitask_strategy?: string
  claimed_by?: string | null
  cancel_action?: string | null
  webhook?: string | null
  metadata?: JsonValue
  kwargs?: JsonValue
  error?: JsonValue | null
  result?: JsonValue | null
  result_exact?: Uint8Array | null
}

export interface SettingDefinitionsRow {
  tenant_id: string
  id: string
  created_at: Date
  updated_at: Date
  display_order: number
  is_active: boolean
  key: string
  name: string
  description: string | null
  config_type: string
  default_value: JsonValue
}

/** A new row of setting_definitions. */
export interface SettingDefinitionsInsert {
  tenant_id: string
  id?: string
  created_at?: Date
  updated_at?: Date
  display_order?: number
  is_active?: boolean
  key: string
  name: string
  description?: string | null
  config_type: string
  default_value: JsonValue
}

/** A change of a row of setting_definitions. */
export interface SettingDefinitionsUpdate {
  tenant_id?: string
  id?: string
  created_at?: Date
  updated_at?: Date
  display_order?: number
  is_active?: boolean
  key?: string
  name?: string
  description?: string | null
  config_type?: string
  default_value?: JsonValue
}

export interface SettingOptionsRow {
  tenant_id: string
  id: string
  definition_id: string
  created_at: Date
  updated_at: Date
  display_order: number
  option_value: string
  option_label: string
}

/** A new row of setting_options. */
export interface SettingOptionsInsert {
  tenant_id: string
  id?: string
  definition_id: string
  created_at?: Date
  updated_at?: Date
  display_order?: number
  option_value: string
  option_label: string
}

/** A change of a row of setting_options. */
export interface SettingOptionsUpdate {
  tenant_id?: string
  id?: string
  definition_id?: string
  created_at?: Date
  updated_at?: Date
  display_order?: number
  option_value?: string
  option_label?: string
}

export interface SettingValuesRow {
  tenant_id: string
  user_id: string
  definition_id: string
  created_at: Date
  updated_at: Date
  value: JsonValue
}

/** A new row of setting_values. */
export interface SettingValuesInsert {
  tenant_id: string
  user_id: string
  definition_id: string
  created_at?: Date
  updated_at?: Date
  value: JsonValue
}

/** A change of a row of setting_values. */
export interface SettingValuesUpdate {
  tenant_id?: string
  user_id?: string
  definition_id?: string
  created_at?: Date
  updated_at?: Date
  value?: JsonValue
}

export interface SkillRunsRow {
  tenant_id: string
  id: string
  skill_workflow_id: string
  run_id: string | null
  created_at: Date
  latency_ms: number | null
  success: boolean
  outcome: string
  verification: JsonValue
}

/** A new row of skill_runs. */
export interface SkillRunsInsert {
  tenant_id: string
  id?: string
  skill_workflow_id: string
  run_id?: string | null
  created_at?: Date
  latency_ms?: number | null
  success: boolean
  outcome: string
  verification?: JsonValue
}

/** A change of a row of skill_runs. */
export interface SkillRunsUpdate {
  tenant_id?: string
  id?: string
  skill_workflow_id?: string
  run_id?: string | null
  created_at?: Date
  latency_ms?: number | null
  success?: boolean
  outcome?: string
  verification?: JsonValue
}

export interface SkillWorkflowsRow {
  tenant_id: string
  id: string
  created_at: Date
  updated_at: Date
  version: number
  name: string
  description: string | null
  parameters: JsonValue
  steps: JsonValue
}

/** A new row of skill_workflows. */
export interface SkillWorkflowsInsert {
  tenant_id: string
  id?: string
  created_at?: Date
  updated_at?: Date
  version?: number
  name: string
  description?: string | null
  parameters?: JsonValue
  steps?: JsonValue
}

/** A change of a row of skill_workflows. */
export interface SkillWorkflowsUpdate {
  tenant_id?: string
  id?: string
  created_at?: Date
  updated_at?: Date
  version?: number
  name?: string
  description?: string | null
  parameters?: JsonValue
  steps?: JsonValue
}

/** namespace_path is the namespace with a dot after each label. value_exact holds a value that JSON in the database cannot, search the words that it is found by. */
export interface StoreItemsRow {
  tenant_id: string
  created_at: Date
  updated_at: Date
  expires_at: Date | null
  ttl_minutes: number | null
  key: string
  namespace: (string | null)[]
  namespace_path: string
  value: JsonValue
  search: string | null
  value_exact: Uint8Array | null
}

/** A new row of store_items. */
export interface StoreItemsInsert {
  tenant_id: string
  created_at?: Date
  updated_at?: Date
  expires_at?: Date | null
  ttl_minutes?: number | null
  key: string
  namespace: (string | null)[]
  value: JsonValue
  search?: string | null
  value_exact?: Uint8Array | null
}

/** A change of a row of store_items. */
export interface StoreItemsUpdate {
  tenant_id?: string
  created_at?: Date
  updated_at?: Date
  expires_at?: Date | null
  ttl_minutes?: number | null
  key?: string
  namespace?: (string | null)[]
  value?: JsonValue
  search?: string | null
  value_exact?: Uint8Array | null
}

/** source_hash is of the model and the text that the embedding was made of; nobody asks for one before embed_after. */
export interface StoreVectorsRow {
  tenant_id: string
  namespace_path: string
  key: string
  field_path: string
  source_hash: Uint8Array | null
  embedding_model: string | null
  embedding: string | null
  embed_after: Date | null
}

/** A new row of store_vectors. */
export interface StoreVectorsInsert {
  tenant_id: string
  namespace_path: string
  key: string
  field_path: string
  source_hash?: Uint8Array | null
  embedding_model?: string | null
  embedding?: string | null
  embed_after?: Date | null
}

/** A change of a row of store_vectors. */
export interface StoreVectorsUpdate {
  tenant_id?: string
  namespace_path?: string
  key?: string
  field_path?: string
  source_hash?: Uint8Array | null
  embedding_model?: string | null
  embedding?: string | null
  embed_after?: Date | null
}

export interface SupportersRow {
  tenant_id: string
  user_id: string
  created_at: Date
  updated_at: Date
  max_active: number
  availability: string
}

/** A new row of supporters. */
export interface SupportersInsert {
  tenant_id: string
  user_id: string
  created_at?: Date
  updated_at?: Date
  max_active?: number
  availability?: string
}

/** A change of a row of supporters. */
export interface SupportersUpdate {
  tenant_id?: string
  user_id?: string
  created_at?: Date
  updated_at?: Date
  max_active?: number
  availability?: string
}

export interface TasksRow {
  tenant_id: string
  id: string
  thread_id: string | null
  created_at: Date
  updated_at: Date
  scheduled_for: Date
  lease_until: Date | null
  started_at: Date | null
  completed_at: Date | null
  attempts: number
  max_attempts: number
  type: string
  status: string
  claimed_by: string | null
  last_error: string | null
  payload: JsonValue
}

/** A new row of tasks. */
export interface TasksInsert {
  tenant_id: string
  id?: string
  thread_id?: string | null
  created_at?: Date
  updated_at?: Date
  scheduled_for?: Date
  lease_until?: Date | null
  started_at?: Date | null
  completed_at?: Date | null
  attempts?: number
  max_attempts?: number
  type: string
  status?: string
  claimed_by?: string | null
  last_error?: string | null
  payload?: JsonValue
}

/** A change of a row of tasks. */
export interface TasksUpdate {
  tenant_id?: string
  id?: string
  thread_id?: string | null
  created_at?: Date
  updated_at?: Date
  scheduled_for?: Date
  lease_until?: Date | null
  started_at?: Date | null
  completed_at?: Date | null
  attempts?: number
  max_attempts?: number
  type?: string
  status?: string
  claimed_by?: string | null
  last_error?: string | null
  payload?: JsonValue
}

/** The shared assistants that a tenant may use. */
export interface TenantAssistantsRow {
  tenant_id: string
  assistant_id: string
  created_at: Date
  updated_at: Date
  enabled: boolean
  overrides: JsonValue
}

/** A new row of tenant_assistants. */
export interface TenantAssistantsInsert {
  tenant_id: string
  assistant_id: string
  created_at?: Date
  updated_at?: Date
  enabled?: boolean
  overrides?: JsonValue
}

/** A change of a row of tenant_assistants. */
export interface TenantAssistantsUpdate {
  tenant_id?: string
  assistant_id?: string
  created_at?: Date
  updated_at?: Date
  enabled?: boolean
  overrides?: JsonValue
}

/** The model of a tenant, and its key: a Fernet token, never the key itself. */
export interface TenantLlmConfigsRow {
  tenant_id: string
  llm_model_id: string
  created_at: Date
  updated_at: Date
  rate_limit_rpm: number | null
  rate_limit_tpm: number | null
  key_id: string | null
  encrypted_api_key: string | null
}

/** A new row of tenant_llm_configs. */
export interface TenantLlmConfigsInsert {
  tenant_id: string
  llm_model_id: string
  created_at?: Date
  updated_at?: Date
  rate_limit_rpm?: number | null
  rate_limit_tpm?: number | null
  key_id?: string | null
  encrypted_api_key?: string | null
}

/** A change of a row of tenant_llm_configs. */
export interface TenantLlmConfigsUpdate {
  tenant_id?: string
  llm_model_id?: string
  created_at?: Date
  updated_at?: Date
  rate_limit_rpm?: number | null
  rate_limit_tpm?: number | null
  key_id?: string | null
  encrypted_api_key?: string | null
}

/** What of the limits of a tenant's model is used up: at counted_at; since then it runs off evenly, a minute's worth in a minute. */
export interface TenantLlmUsageRow {
  tenant_id: string
  counted_at: Date
  requests: number
  tokens: number
}

/** A new row of tenant_llm_usage. */
export interface TenantLlmUsageInsert {
  tenant_id: string
  counted_at?: Date
  requests?: number
  tokens?: number
}

/** A change of a row of tenant_llm_usage. */
export interface TenantLlmUsageUpdate {
  tenant_id?: string
  counted_at?: Date
  requests?: number
  tokens?: number
}

/** The shared tools that a tenant may use. */
export interface TenantToolsRow {
  tenant_id: string
  tool_id: string
  created_at: Date
  updated_at: Date
  enabled: boolean
  overrides: JsonValue
}

/** A new row of tenant_tools. */
export interface TenantToolsInsert {
  tenant_id: string
  tool_id: string
  created_at?: Date
  updated_at?: Date
  enabled?: boolean
  overrides?: JsonValue
}

/** A change of a row of tenant_tools. */
export interface TenantToolsUpdate {
  tenant_id?: string
  tool_id?: string
  created_at?: Date
  updated_at?: Date
  enabled?: boolean
  overrides?: JsonValue
}

/** Who owns the rows of all other tables. The all-zero id is the tenant whose rows are shared. */
export interface TenantsRow {
  id: string
  created_at: Date
  updated_at: Date
  name: string
  domain: string
  region: string | null
  status: string
  settings: JsonValue
}

/** A new row of tenants. */
export interface TenantsInsert {
  id?: string
  created_at?: Date
  updated_at?: Date
  name: string
  domain: string
  region?: string | null
  status?: string
  settings?: JsonValue
}

/** A change of a row of tenants. */
export interface TenantsUpdate {
  id?: string
  created_at?: Date
  updated_at?: Date
  name?: string
  domain?: string
  region?: string | null
  status?: string
  settings?: JsonValue
}

export interface ThreadReflectionsRow {
  tenant_id: string
  id: string
  thread_id: string
  created_at: Date
  requires_revision: boolean
  trigger: string
  risk_level: string
  summary: string
  recommendation: string | null
  impacted_tools: JsonValue
  metadata: JsonValue
}

/** A new row of thread_reflections. */
export interface ThreadReflectionsInsert {
  tenant_id: string
  id?: string
  thread_id: string
  created_at?: Date
  requires_revision?: boolean
  trigger: string
  risk_level?: string
  summary: string
  recommendation?: string | null
  impacted_tools?: JsonValue
  metadata?: JsonValue
}

/** A change of a row of thread_reflections. */
export interface ThreadReflectionsUpdate {
  tenant_id?: string
  id?: string
  thread_id?: string
  created_at?: Date
  requires_revision?: boolean
  trigger?: string
  risk_level?: string
  summary?: string
  recommendation?: string | null
  impacted_tools?: JsonValue
  metadata?: JsonValue
}

/** values is a copy of the newest state, to search in; values_omitted tells that it could not be kept as JSON. next_nodes are the nodes that it waits for. */
export interface ThreadsRow {
  tenant_id: string
  thread_id: string
  user_id: string | null
  assistant_id: string | null
  created_at: Date
  updated_at: Date
  state_updated_at: Date | null
  last_message_at: Date | null
  summary_updated_at: Date | null
  expires_at: Date | null
  ttl_minutes: number | null
  next_sequence: number
  next_nodes: (string | null)[]
  values_omitted: boolean
  status: string
  ttl_strategy: string | null
  title: string | null
  reference: string | null
  agent_type: string | null
  model: string | null
  provider: string | null
  graph_id: string | null
  summary: string | null
  metadata: JsonValue
  config: JsonValue
  interrupts: JsonValue
  summary_metadata: JsonValue | null
  error: JsonValue | null
  values: JsonValue | null
}

/** A new row of threads. */
export interface ThreadsInsert {
  tenant_id: string
  thread_id?: string
  user_id?: string | null
  assistant_id?: string | null
  created_at?: Date
  updated_at?: Date
  state_updated_at?: Date | null
  last_message_at?: Date | null
  summary_updated_at?: Date | null
  expires_at?: Date | null
  ttl_minutes?: number | null
  next_sequence?: number
  next_nodes?: (string | null)[]
  values_omitted?: boolean
  status?: string
  ttl_strategy?: string | null
  title?: string | null
  reference?: string | null
  agent_type?: string | null
  model?: string | null
  provider?: string | null
  summary?: string | null
  metadata?: JsonValue
  config?: JsonValue
  interrupts?: JsonValue
  summary_metadata?: JsonValue | null
  error?: JsonValue | null
  values?: JsonValue | null
}

/** A change of a row of threads. */
export interface ThreadsUpdate {
  tenant_id?: string
  thread_id?: string
  user_id?: string | null
  assistant_id?: string | null
  created_at?: Date
  updated_at?: Date
  state_updated_at?: Date | null
  last_message_at?: Date | null
  summary_updated_at?: Date | null
  expires_at?: Date | null
  ttl_minutes?: number | null
  next_sequence?: number
  next_nodes?: (string | null)[]
  values_omitted?: boolean
  status?: string
  ttl_strategy?: string | null
  title?: string | null
  reference?: string | null
  agent_type?: string | null
  model?: string | null
  provider?: string | null
  summary?: string | null
  metadata?: JsonValue
  config?: JsonValue
  interrupts?: JsonValue
  summary_metadata?: JsonValue | null
  error?: JsonValue | null
  values?: JsonValue | null
}

export interface ToolCallsRow {
  tenant_id: string
  id: string
  message_id: string
  created_at: Date
  updated_at: Date
  tool_call_id: string
  title: string | null
  description: string | null
  error: string | null
  arguments: JsonValue
  response: JsonValue | null
}

/** A new row of tool_calls. */
export interface ToolCallsInsert {
  tenant_id: string
  id?: string
  message_id: string
  created_at?: Date
  updated_at?: Date
  tool_call_id: string
  title?: string | null
  description?: string | null
  error?: string | null
  arguments?: JsonValue
  response?: JsonValue | null
}

/** A change of a row of tool_calls. */
export interface ToolCallsUpdate {
  tenant_id?: string
  id?: string
  message_id?: string
  created_at?: Date
  updated_at?: Date
  tool_call_id?: string
  title?: string | null
  description?: string | null
  error?: string | null
  arguments?: JsonValue
  response?: JsonValue | null
}

export interface ToolsRow {
  tenant_id: string
  id: string
  base_tool_id: string
  output_format_id: string | null
  created_at: Date
  updated_at: Date
  is_active: boolean
  name: string
  description: string | null
  config: JsonValue
  input_schema: JsonValue
}

/** A new row of tools. */
export interface ToolsInsert {
  tenant_id: string
  id?: string
  base_tool_id: string
  output_format_id?: string | null
  created_at?: Date
  updated_at?: Date
  is_active?: boolean
  name: string
  description?: string | null
  config?: JsonValue
  input_schema?: JsonValue
}

/** A change of a row of tools. */
export interface ToolsUpdate {
  tenant_id?: string
  id?: string
  base_tool_id?: string
  output_format_id?: string | null
  created_at?: Date
  updated_at?: Date
  is_active?: boolean
  name?: string
  description?: string | null
  config?: JsonValue
  input_schema?: JsonValue
}

export interface UsersRow {
  tenant_id: string
  id: string
  created_at: Date
  updated_at: Date
  is_active: boolean
  email: string
  username: string | null
  name: string | null
  role: string
}

/** A new row of users. */
export interface UsersInsert {
  tenant_id: string
  id?: string
  created_at?: Date
  updated_at?: Date
  is_active?: boolean
  email: string
  username?: string | null
  name?: string | null
  role?: string
}

/** A change of a row of users. */
export interface UsersUpdate {
  tenant_id?: string
  id?: string
  created_at?: Date
  updated_at?: Date
  is_active?: boolean
  email?: string
  username?: string | null
  name?: string | null
  role?: string
}

export interface WidgetsRow {
  tenant_id: string
  id: string
  assistant_id: string | null
  created_at: Date
  updated_at: Date
  is_active: boolean
  name: string
  title: string
  greeting: string | null
  allowed_origins: (string | null)[]
  theme: JsonValue
}

/** A new row of widgets. */
export interface WidgetsInsert {
  tenant_id: string
  id?: string
  assistant_id?: string | null
  created_at?: Date
  updated_at?: Date
  is_active?: boolean
  name: string
  title: string
  greeting?: string | null
  allowed_origins?: (string | null)[]
  theme?: JsonValue
}

/** A change of a row of widgets. */
export interface WidgetsUpdate {
  tenant_id?: string
  id?: string
  assistant_id?: string | null
  created_at?: Date
  updated_at?: Date
  is_active?: boolean
  name?: string
  title?: string
  greeting?: string | null
  allowed_origins?: (string | null)[]
  theme?: JsonValue
}

/** Every table and view by its name. */
export interface Database {
  'ai_guardrails.policy_rules': {
    Row: AiGuardrailsPolicyRulesRow
    Insert: AiGuardrailsPolicyRulesInsert
    Update: AiGuardrailsPolicyRulesUpdate
  }
  api_keys: { Row: ApiKeysRow; Insert: ApiKeysInsert; Update: ApiKeysUpdate }
  assistant_tools: { Row: AssistantToolsRow; Insert: AssistantToolsInsert; Update: AssistantToolsUpdate }
  assistant_versions: { Row: AssistantVersionsRow; Insert: AssistantVersionsInsert; Update: AssistantVersionsUpdate }
  assistants: { Row: AssistantsRow; Insert: AssistantsInsert; Update: AssistantsUpdate }
  base_tools: { Row: BaseToolsRow; Insert: BaseToolsInsert; Update: BaseToolsUpdate }
  checkpoint_blobs: { Row: CheckpointBlobsRow; Insert: CheckpointBlobsInsert; Update: CheckpointBlobsUpdate }
  checkpoint_writes: { Row: CheckpointWritesRow; Insert: CheckpointWritesInsert; Update: CheckpointWritesUpdate }
  checkpoints: { Row: CheckpointsRow; Insert: CheckpointsInsert; Update: CheckpointsUpdate }
  chunks: { Row: ChunksRow; Insert: ChunksInsert; Update: ChunksUpdate }
  crons: { Row: CronsRow; Insert: CronsInsert; Update: CronsUpdate }
  documents: { Row: DocumentsRow; Insert: DocumentsInsert; Update: DocumentsUpdate }
  escalations: { Row: EscalationsRow; Insert: EscalationsInsert; Update: EscalationsUpdate }
  events: { Row: EventsRow; Insert: EventsInsert; Update: EventsUpdate }
  idempotency_keys: { Row: IdempotencyKeysRow; Insert: IdempotencyKeysInsert; Update: IdempotencyKeysUpdate }
  identities: { Row: IdentitiesRow; Insert: IdentitiesInsert; Update: IdentitiesUpdate }
  llm_models: { Row: LlmModelsRow; Insert: LlmModelsInsert; Update: LlmModelsUpdate }
  messages: { Row: MessagesRow; Insert: MessagesInsert; Update: MessagesUpdate }
  outbox: { Row: OutboxRow; Insert: OutboxInsert; Update: OutboxUpdate }
  output_formats: { Row: OutputFormatsRow; Insert: OutputFormatsInsert; Update: OutputFormatsUpdate }
  run_events: { Row: RunEventsRow; Insert: RunEventsInsert; Update: RunEventsUpdate }
  runs: { Row: RunsRow; Insert: RunsInsert; Update: RunsUpdate }
  setting_definitions: {
    Row: SettingDefinitionsRow
    Insert: SettingDefinitionsInsert
    Update: SettingDefinitionsUpdate
  }
  setting_options: { Row: SettingOptionsRow; Insert: SettingOptionsInsert; Update: SettingOptionsUpdate }
  setting_values: { Row: SettingValuesRow; Insert: SettingValuesInsert; Update: SettingValuesUpdate }
  skill_runs: { Row: SkillRunsRow; Insert: SkillRunsInsert; Update: SkillRunsUpdate }
  skill_workflows: { Row: SkillWorkflowsRow; Insert: SkillWorkflowsInsert; Update: SkillWorkflowsUpdate }
  store_items: { Row: StoreItemsRow; Insert: StoreItemsInsert; Update: StoreItemsUpdate }
  store_vectors: { Row: StoreVectorsRow; Insert: StoreVectorsInsert; Update: StoreVectorsUpdate }
  supporters: { Row: SupportersRow; Insert: SupportersInsert; Update: SupportersUpdate }
  tasks: { Row: TasksRow; Insert: TasksInsert; Update: TasksUpdate }
  tenant_assistants: { Row: TenantAssistantsRow; Insert: TenantAssistantsInsert; Update: TenantAssistantsUpdate }
  tenant_llm_configs: { Row: TenantLlmConfigsRow; Insert: TenantLlmConfigsInsert; Update: TenantLlmConfigsUpdate }
  tenant_llm_usage: { Row: TenantLlmUsageRow; Insert: TenantLlmUsageInsert; Update: TenantLlmUsageUpdate }
  tenant_tools: { Row: TenantToolsRow; Insert: TenantToolsInsert; Update: TenantToolsUpdate }
  tenants: { Row: TenantsRow; Insert: TenantsInsert; Update: TenantsUpdate }
  thread_reflections: { Row: ThreadReflectionsRow; Insert: ThreadReflectionsInsert; Update: ThreadReflectionsUpdate }
  threads: { Row: ThreadsRow; Insert: ThreadsInsert; Update: ThreadsUpdate }
  tool_calls: { Row: ToolCallsRow; Insert: ToolCallsInsert; Update: ToolCallsUpdate }
  tools: { Row: ToolsRow; Insert: ToolsInsert; Update: ToolsUpdate }
  users: { Row: UsersRow; Insert: UsersInsert; Update: UsersUpdate }
  widgets: { Row: WidgetsRow; Insert: WidgetsInsert; Update: WidgetsUpdate }
}
