-- metastore: priority=P1 description="Indexes for the lists of threads and of a thread's messages"

CREATE INDEX idx_messages_thread_id ON messages (thread_id);
CREATE INDEX idx_messages_created_at ON messages (created_at);
CREATE INDEX idx_threads_created_at ON threads (created_at);

-- metastore:down

DROP INDEX idx_threads_created_at;
DROP INDEX idx_messages_created_at;
DROP INDEX idx_messages_thread_id;
