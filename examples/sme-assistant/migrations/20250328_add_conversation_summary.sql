-- metastore: priority=P0 description="summaries of long conversations"
-- metastore: allow H40, H01 because the file is of the days when it was run by hand, on databases that had it already

alter table ai_conversations
  add column if not exists summary text,
  add column if not exists summary_metadata jsonb,
  add column if not exists summary_updated_at timestamptz;

create index if not exists idx_ai_conversations_summary_updated
  on ai_conversations (summary_updated_at desc nulls last);
