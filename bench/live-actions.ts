/** One action under load: the action as a file has it, and the statement that people would write instead. */
export interface LiveAction {
  readonly name: string
  readonly actions: readonly object[]
  readonly plain: string
}

const table = 'messages'

/** What is done to the messages while they are used. */
export const liveActions: readonly LiveAction[] = [
  {
    name: 'add_column, default',
    actions: [{ type: 'add_column', table, column: { name: 'stars', type: 'INTEGER', nullable: false, default: '0' } }],
    plain: 'alter table messages add column stars int not null default 0',
  },
  {
    name: 'add_column, up',
    actions: [
      {
        type: 'add_column',
        table,
        column: { name: 'tokens', type: 'INTEGER' },
        up: 'ceil(length(content) / 4.0)::int',
      },
    ],
    plain: 'alter table messages add column tokens int; update messages set tokens = ceil(length(content) / 4.0)::int',
  },
  {
    name: 'alter_column, type',
    actions: [
      {
        type: 'alter_column',
        table,
        column: 'cost',
        changes: { type: 'BIGINT' },
        up: 'cost::bigint',
        down: 'cost::int',
      },
    ],
    plain: 'alter table messages alter column cost type bigint',
  },
  {
    name: 'remove_column',
    actions: [{ type: 'remove_column', table, column: 'cost', down: '0' }],
    plain: 'alter table messages drop column cost',
  },
  {
    name: 'add_index',
    actions: [{ type: 'add_index', table, index: { name: 'messages_role', columns: ['role', 'created_at'] } }],
    plain: 'create index messages_role on messages (role, created_at)',
  },
  {
    name: 'add_foreign_key',
    actions: [
      {
        type: 'add_foreign_key',
        table,
        foreign_key: { columns: ['conversation_id'], referenced_table: 'conversations', referenced_columns: ['id'] },
      },
    ],
    plain:
      'alter table messages add constraint messages_conversation_fk foreign key (conversation_id) references conversations (id)',
  },
  {
    name: 'add_check',
    actions: [{ type: 'add_check', table, check: { name: 'messages_role_known', expression: "role <> ''" } }],
    plain: "alter table messages add constraint messages_role_known check (role <> '')",
  },
]
