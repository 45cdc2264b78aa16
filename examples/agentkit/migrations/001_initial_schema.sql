-- metastore: priority=P0 description="Threads and their messages"

CREATE TABLE threads (
  id VARCHAR(36) PRIMARY KEY,
  title VARCHAR(255),
  agent_type VARCHAR(50) NOT NULL DEFAULT 'chat' CHECK (agent_type IN ('chat', 'canvas', 'salary_viewer')),
  model VARCHAR(100),
  provider VARCHAR(50) CHECK (provider IN ('azure-openai', 'gemini', 'ollama')),
  created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP,
  updated_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE messages (
  id VARCHAR(36) PRIMARY KEY,
  thread_id VARCHAR(36) NOT NULL REFERENCES threads (id) ON DELETE CASCADE,
  role VARCHAR(20) NOT NULL CHECK (role IN ('system', 'user', 'assistant', 'tool')),
  content TEXT NOT NULL,
  created_at TIMESTAMPTZ NOT NULL DEFAULT CURRENT_TIMESTAMP
);

-- metastore:down

DROP TABLE messages;
DROP TABLE threads;
