-- metastore: priority=P1 description="what agents look up"

create table knowledge_documents (
  tenant_id uuid not null references tenants (id),
  id uuid not null default gen_random_uuid(),
  title text not null,
  source text,
  created_at timestamptz not null default now(),
  primary key (tenant_id, id),
  constraint knowledge_documents_tenant_id_title_key unique (tenant_id, title)
);

create table knowledge_chunks (
  tenant_id uuid not null references tenants (id),
  document_id uuid not null,
  position integer not null check (position > 0),
  content text not null,
  words tsvector generated always as (to_tsvector('simple', content)) stored,
  primary key (tenant_id, document_id, position),
  foreign key (tenant_id, document_id) references knowledge_documents (tenant_id, id) on delete cascade
);
create index knowledge_chunks_words_idx on knowledge_chunks using gin (words);

-- metastore:down
drop table knowledge_chunks;
drop table knowledge_documents;
