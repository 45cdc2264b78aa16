INSERT INTO conversations (id, user_id, reference)
VALUES ('00000000-0000-4000-8000-000000000101', '00000000-0000-4000-8000-000000000001', 'welcome')
ON CONFLICT (id) DO NOTHING;

INSERT INTO messages (id, conversation_id, user_id, role, content, created_at, sequence)
VALUES
    (
        '00000000-0000-4000-8000-000000000201', '00000000-0000-4000-8000-000000000101',
        '00000000-0000-4000-8000-000000000001', 'user', 'Hello', '2026-01-01 10:00:00+00', 1
    ),
    (
        '00000000-0000-4000-8000-000000000202', '00000000-0000-4000-8000-000000000101',
        NULL, 'assistant', 'How can I help?', '2026-01-01 10:00:01+00', 2
    )
ON CONFLICT (id) DO NOTHING;
