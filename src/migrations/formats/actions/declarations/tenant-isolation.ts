import { defineAction } from '../declaration.ts'
import { listOf, name, settingName } from '../schema.ts'

/** Row-level security for tenants. */
export const tenantIsolation = defineAction({
  type: 'tenant_isolation',
  summary: 'shows each session the rows of its tenant only, from completion on',
  keys: {
    table: name('the table'),
    column: name('the column that says whose a row is; `tenant_id` unless said').optional(),
    setting: settingName('the setting with which a session says whose it is; `app.tenant_id` unless said').optional(),
    roles: listOf(name('a role'), 'roles of the application, which may then read and write rows').optional(),
  },
  template: { table: 'TABLE', roles: ['ROLE'] },
})
