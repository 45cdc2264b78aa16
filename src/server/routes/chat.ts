import { createRoute, z } from '@hono/zod-openapi'
import type { App, Services } from '../app.ts'
import { type AnswerChat, type ChatReply, takeTurn } from '../chat/chat.ts'
import { answerByGraph, type ChatOrigin } from '../chat/graph-answer.ts'
import { gives, takes, text, uuid } from '../forms/fields.ts'
import { answerFromKnowledge } from '../chat/knowledge-answer.ts'
import { enter, tenantParam } from '../authorization/tenant-access.ts'
import { chatMessageSchema, wireMessage } from './sessions.ts'

const turnSchema = z
  .object({
    message: text(100_000),
    // Clients that have none send null; an empty name is one that no agent has.
    agent_name: text(200, 0).nullish().openapi({ description: 'SupervisorAgent, when it is left out' }),
    session_id: uuid.nullish().openapi({ description: 'The session to go on with; a new one, when it is left out' }),
    client_message_id: uuid.nullish().openapi({ description: 'What is sent twice under one id, is answered once' }),
  })
  .openapi('ChatTurn')

const replySchema = z
  .object({
    session_id: uuid,
    agent_used: z.string(),
    response: z.string(),
    message: chatMessageSchema,
    guardrail: z
      .object({
        decision: z.enum(['warn', 'block']),
        rule: z.string(),
        message: z.string(),
        resolution: z.string().nullable(),
        requires_manual_review: z.boolean(),
      })
      .nullable(),
  })
  .openapi('ChatReply')

/** The chat of a tenant. */
export function chatRoutes(app: App, services: Services): void {
  app.openapi(
    createRoute({
      method: 'post',
      path: '/api/{tenant}/chat',
      tags: ['Chat'],
      summary: 'Ask an agent, in a new session or in one that there is',
      request: { params: z.object(tenantParam), body: takes(turnSchema) },
      responses: { 200: gives('The answer', replySchema) },
    }),
    async (c) => {
      const { store, owner, userId } = await enter(c, services, c.req.valid('param').tenant)
      const { message, agent_name, session_id, client_message_id } = c.req.valid('json')
      const reply = await takeTurn(
        { all: services.store, store, owner, userId },
        {
          message,
          agentName: agent_name ?? undefined,
          sessionId: session_id ?? undefined,
          clientMessageId: client_message_id ?? undefined,
        },
        answerOf(services, { headers: c.req.raw.headers, trace: c.var.trace }),
      )
      return c.json(wireReply(reply), 200)
    },
  )
}

// Agents whose graph is the project's own are answered for by it.
function answerOf({ executors, runs, answer = answerFromKnowledge }: Services, origin: ChatOrigin): AnswerChat {
  const own = executors.filter(({ isBuiltIn }) => isBuiltIn !== true).flatMap(({ graphIds }) => graphIds)
  return (question) =>
    own.includes(question.agent.graph_id) ? answerByGraph(runs, origin, question) : answer(question)
}

function wireReply({ sessionId, agent, message, verdict }: ChatReply): z.infer<typeof replySchema> {
  const { decision, rule, message: why, resolution, requires_manual_review } = verdict
  return {
    session_id: sessionId,
    agent_used: agent.name,
    response: message.content ?? '',
    message: wireMessage(message),
    guardrail:
      decision === 'pass'
        ? null
        : { decision, rule: rule ?? '', message: why ?? '', resolution, requires_manual_review },
  }
}
