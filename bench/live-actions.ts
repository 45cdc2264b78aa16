import type { ActionType } from '../src/migrations/actions/action.ts'
import type { LiveVersion } from './live-messages.ts'

/** One action under load: the action as a file has it, and the statement that people would write instead. */
export interface LiveAction {
  readonly name: string
  readonly type: ActionType
  /** The keys of the action. */
  readonly action: object
  readonly plain: string
  /** SQL that makes what the action changes, before any load. */
  readonly before?: string
  /** What the new version calls what the load works on, where it differs. */
  readonly next?: Partial<LiveVersion>
}

const table = 'messages'
const states = `create type message_state as enum ('draft', 'sent');
  alter table messages add state message_state not null default 'sent'`

/** What is done to the messages while they are used: every kind of action, and every kind of change of a column. */
export const liveActions: readonly LiveAction[] = [
  {
    name: 'create_table',
    type: 'create_table',
    action: {
      name: 'ratings',
      columns: [
        { name: 'message_id', type: 'UUID' },
        { name: 'stars', type: 'INTEGER', nullable: false },
      ],
      primary_key: ['message_id'],
    },
    plain: 'create table ratings (message_id uuid primary key, stars int not null)',
  },
  {
    name: 'create_table, filled',
    type: 'create_table',
    action: {
      name: 'costs',
      columns: [
        { name: 'message_id', type: 'UUID' },
        { name: 'cost', type: 'INTEGER' },
      ],
      primary_key: ['message_id'],
      up: { table, values: { message_id: 'id', cost: 'cost' } },
    },
    plain:
      'create table costs (message_id uuid primary key, cost int); lock table messages in share mode; insert into costs select id, cost from messages',
  },
  {
    name: 'rename_table',
    type: 'rename_table',
    action: { table, new_name: 'entries' },
    plain: 'alter table messages rename to entries',
    next: { table: 'entries' },
  },
  {
    name: 'remove_table',
    type: 'remove_table',
    action: { table },
    plain: 'drop table messages',
    before: 'create table notes (like messages including all); insert into notes select * from messages',
    next: { table: 'notes' },
  },
  {
    name: 'add_column, default',
    type: 'add_column',
    action: { table, column: { name: 'stars', type: 'INTEGER', nullable: false, default: '0' } },
    plain: 'alter table messages add column stars int not null default 0',
  },
  {
    name: 'add_column, up',
    type: 'add_column',
    action: { table, column: { name: 'tokens', type: 'INTEGER' }, up: 'ceil(length(content) / 4.0)::int' },
    plain: 'alter table messages add column tokens int; update messages set tokens = ceil(length(content) / 4.0)::int',
  },
  {
    name: 'alter_column, type',
    type: 'alter_column',
    action: { table, column: 'cost', changes: { type: 'BIGINT' }, up: 'cost::bigint', down: 'cost::int' },
    plain: 'alter table messages alter column cost type bigint',
  },
  {
    name: 'alter_column, name',
    type: 'alter_column',
    action: { table, column: 'metadata', changes: { name: 'attributes' } },
    plain: 'alter table messages rename column metadata to attributes',
    next: { metadata: 'attributes' },
  },
  {
    name: 'alter_column, not null',
    type: 'alter_column',
    action: {
      table,
      column: 'model',
      changes: { nullable: false, default: `'none'` },
      up: `coalesce(model, 'none')`,
      down: 'model',
    },
    plain: `alter table messages alter column model set default 'none'; update messages set model = 'none' where model is null; alter table messages alter column model set not null`,
    before: 'alter table messages add model text',
  },
  {
    name: 'remove_column',
    type: 'remove_column',
    action: { table, column: 'cost', down: '0' },
    plain: 'alter table messages drop column cost',
  },
  {
    name: 'add_index',
    type: 'add_index',
    action: { table, index: { name: 'messages_role', columns: ['role', 'created_at'] } },
    plain: 'create index messages_role on messages (role, created_at)',
  },
  {
    name: 'remove_index',
    type: 'remove_index',
    action: { index: 'messages_created' },
    plain: 'drop index messages_created',
  },
  {
    name: 'add_foreign_key',
    type: 'add_foreign_key',
    action: {
      table,
      foreign_key: { columns: ['conversation_id'], referenced_table: 'conversations', referenced_columns: ['id'] },
    },
    plain:
      'alter table messages add constraint messages_conversation_fk foreign key (conversation_id) references conversations (id)',
  },
  {
    name: 'remove_foreign_key',
    type: 'remove_foreign_key',
    action: { table, foreign_key: 'messages_conversation_fk' },
    plain: 'alter table messages drop constraint messages_conversation_fk',
    before:
      'alter table messages add constraint messages_conversation_fk foreign key (conversation_id) references conversations (id)',
  },
  {
    name: 'add_check',
    type: 'add_check',
    action: { table, check: { name: 'messages_role_known', expression: "role <> ''" } },
    plain: "alter table messages add constraint messages_role_known check (role <> '')",
  },
  {
    name: 'remove_check',
    type: 'remove_check',
    action: { table, check: 'messages_role_known' },
    plain: 'alter table messages drop constraint messages_role_known',
    before: "alter table messages add constraint messages_role_known check (role <> '')",
  },
  {
    name: 'create_enum',
    type: 'create_enum',
    action: { name: 'message_state', values: ['draft', 'sent'] },
    plain: `create type message_state as enum ('draft', 'sent')`,
  },
  {
    name: 'alter_enum',
    type: 'alter_enum',
    action: { name: 'message_state', add: [{ value: 'read', down: `'sent'` }] },
    plain: `alter type message_state add value 'read'`,
    before: states,
  },
  {
    name: 'remove_enum',
    type: 'remove_enum',
    action: { enum: 'message_state' },
    plain: 'drop type message_state',
    before: `create type message_state as enum ('draft', 'sent')`,
  },
  {
    name: 'tenant_isolation',
    type: 'tenant_isolation',
    // Whose a row is does not matter here: no policy binds a superuser, as which the load works.
    action: { table, column: 'role' },
    plain: `alter table messages enable row level security;
      create policy tenant on messages using (role = current_setting('app.tenant_id', true))`,
  },
  {
    name: 'custom',
    type: 'custom',
    action: {
      start: 'alter table messages set (fillfactor = 90)',
      abort: 'alter table messages reset (fillfactor)',
      complete: `comment on table messages is 'what was said'`,
    },
    plain: `alter table messages set (fillfactor = 90); comment on table messages is 'what was said'`,
  },
]
