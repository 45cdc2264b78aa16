import { createRoute, z } from '@hono/zod-openapi'
import { conflict } from '../../store/store.ts'
import type { App, Services } from '../app.ts'
import { givenJson, gives, storedObject, takes, text, uuid, wire } from '../forms/fields.ts'
import { enter, tenantParam } from '../authorization/tenant-access.ts'
import { moment } from '../forms/wire.ts'

const modelSchema = z
  .object({
    id: uuid,
    shared: z.boolean(),
    provider: z.string(),
    model_name: z.string(),
    context_window: z.int(),
    cost_per_1k_input_tokens: z.string(),
    cost_per_1k_output_tokens: z.string(),
    capabilities: givenJson,
    is_active: z.boolean(),
    created_at: moment,
    updated_at: moment,
  })
  .openapi('LanguageModel')

const cost = z.number().min(0).max(99_999)
const newModel = z
  .object({
    provider: text(200),
    model_name: text(200),
    context_window: z.int32().min(1),
    cost_per_1k_input_tokens: cost.optional(),
    cost_per_1k_output_tokens: cost.optional(),
    capabilities: storedObject.optional(),
  })
  .openapi('NewLanguageModel')

const configSchema = z
  .object({
    llm_model_id: uuid,
    rate_limit_rpm: z.int().nullable(),
    rate_limit_tpm: z.int().nullable(),
    has_api_key: z.boolean(),
    created_at: moment,
    updated_at: moment,
  })
  .openapi('LanguageModelConfig')

const limit = z.int32().min(1).nullable().optional()
const configChange = z
  .object({
    llm_model_id: uuid,
    rate_limit_rpm: limit,
    rate_limit_tpm: limit,
    api_key: text(2000)
      .nullable()
      .optional()
      .openapi({ description: 'Kept encrypted, and never given back; null removes it, and without it, it stays' }),
  })
  .openapi('LanguageModelConfigChange')

/** The language models of a tenant, and the key with which it uses one. */
export function modelRoutes(app: App, services: Services): void {
  listModels(app, services)
  addModel(app, services)
  getConfig(app, services)
  setConfig(app, services)
}

function listModels(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/{tenant}/models',
      tags: ['Models'],
      summary: 'List language models: those of the tenant, and the shared ones',
      request: { params: z.object(tenantParam) },
      responses: { 200: gives('Models', z.object({ models: z.array(modelSchema) })) },
    }),
    async (c) => {
      const { store } = await enter(c, services, c.req.valid('param').tenant)
      return c.json({ models: (await store.llm.models()).map(wire) }, 200)
    },
  )
}

function addModel(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/{tenant}/models',
      tags: ['Models'],
      summary: 'Add a language model to the tenant',
      request: { params: z.object(tenantParam), body: takes(newModel) },
      responses: { 201: gives('The model', modelSchema) },
    }),
    async (c) => {
      const { store } = await enter(c, services, c.req.valid('param').tenant)
      return c.json(wire(await store.llm.addModel(c.req.valid('json'))), 201)
    },
  )
}

function getConfig(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'get',
      path: '/api/{tenant}/llm-config',
      tags: ['Models'],
      summary: 'Get which model the tenant uses, and whether it has a key',
      request: { params: z.object(tenantParam) },
      responses: { 200: gives('The configuration, without the key', configSchema) },
    }),
    async (c) => {
      const { store } = await enter(c, services, c.req.valid('param').tenant)
      return c.json(wire(await store.llm.config()), 200)
    },
  )
}

function setConfig(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'put',
      path: '/api/{tenant}/llm-config',
      tags: ['Models'],
      summary: 'Set which model the tenant uses, and its key',
      request: { params: z.object(tenantParam), body: takes(configChange) },
      responses: { 200: gives('The configuration, without the key', configSchema) },
    }),
    async (c) => {
      const { store } = await enter(c, services, c.req.valid('param').tenant)
      const { api_key, ...change } = c.req.valid('json')
      const encrypted_api_key = typeof api_key === 'string' ? encrypted(services, api_key) : api_key
      return c.json(wire(await store.llm.setConfig({ ...change, encrypted_api_key })), 200)
    },
  )
}

function encrypted({ encryption }: Services, key: string): string {
  if (encryption !== undefined) return encryption.encrypt(key)
  throw conflict(
    'The server has no key to encrypt with, so no key of a language model can be stored.',
    'Start it with FERNET_KEY; metastore keys generate makes one.',
  )
}
