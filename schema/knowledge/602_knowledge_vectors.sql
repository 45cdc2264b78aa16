-- metastore: priority=P2 requires=601_knowledge_rules extension=vector description="chunks found by their meaning"

-- Another module may have made it; rolling back leaves it.
create extension if not exists vector;

-- A chunk without a model waits for its embedding; nobody asks for one before embed_after.
alter table chunks
  add column embedding vector(1536), add column embedding_model text, add column embed_after timestamptz;
-- metastore: allow H01 because the column is new, and nothing is in the index
create index chunks_embedding on chunks using hnsw (embedding vector_cosine_ops);
-- metastore: allow H01 because the column is new, and the same in every row
create index chunks_embedding_model on chunks (embedding_model);

-- metastore:down
drop index chunks_embedding_model;
drop index chunks_embedding;
alter table chunks drop column embed_after, drop column embedding_model, drop column embedding;
