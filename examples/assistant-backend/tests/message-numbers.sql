-- test: existing messages are numbered by time, each conversation by itself
-- before: 003_message_sequence_pagination
INSERT INTO users (id, name, email) VALUES ('00000000-0000-0000-0000-000000000001', 'Ada', 'ada@example.com');

INSERT INTO conversations (id, user_id, reference)
SELECT id, '00000000-0000-0000-0000-000000000001', id
FROM (VALUES ('00000000-0000-0000-0000-00000000000a'::uuid), ('00000000-0000-0000-0000-00000000000b')) AS chat (id);

INSERT INTO messages (conversation_id, role, content, created_at)
VALUES
    ('00000000-0000-0000-0000-00000000000a', 'assistant', 'second', '2026-01-01 10:01Z'),
    ('00000000-0000-0000-0000-00000000000a', 'user', 'first', '2026-01-01 10:00Z'),
    ('00000000-0000-0000-0000-00000000000b', 'user', 'alone', '2026-01-01 09:00Z');

-- migrate
SELECT sequence = CASE content WHEN 'second' THEN 2 ELSE 1 END AS numbered FROM messages;

-- migrate: 004_fix_message_sequence_backfill
-- expect: error 23502
INSERT INTO messages (conversation_id, role) VALUES ('00000000-0000-0000-0000-00000000000b', 'user');
