import type { App, Services } from './app.ts'
import { agentRoutes } from './routes/agents.ts'
import { chatRoutes } from './routes/chat.ts'
import { knowledgeRoutes } from './routes/knowledge.ts'
import { modelRoutes } from './routes/models.ts'
import { permissionRoutes } from './routes/permissions.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { supportRoutes } from './routes/support.ts'
import { tenantRoutes } from './routes/tenants.ts'
import { threadMessageRoutes } from './routes/thread-messages.ts'
import { toolRoutes } from './routes/tools.ts'
import { userRoutes } from './routes/users.ts'

/** The chat and the administration of tenants. `threads` and `admin` are words of the first two, and no names of tenants. */
const groups = [
  threadMessageRoutes,
  tenantRoutes,
  chatRoutes,
  sessionRoutes,
  knowledgeRoutes,
  supportRoutes,
  userRoutes,
  agentRoutes,
  permissionRoutes,
  toolRoutes,
  modelRoutes,
]

/** Everything below /api. */
export function tenantApi(app: App, services: Services): void {
  for (const routes of groups) routes(app, services)
}
