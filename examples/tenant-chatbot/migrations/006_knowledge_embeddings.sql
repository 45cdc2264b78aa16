-- metastore: priority=P2 extension=vector description="search by meaning, where the server has pgvector"

create extension if not exists vector;
alter table knowledge_chunks add column embedding vector(768);
-- metastore: allow H01 because the column was added a line above and holds nothing yet
create index knowledge_chunks_embedding_idx on knowledge_chunks using hnsw (embedding vector_cosine_ops);

-- metastore:down
alter table knowledge_chunks drop column embedding;
