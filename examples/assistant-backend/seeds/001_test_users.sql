INSERT INTO users (id, name, email)
VALUES
    ('00000000-0000-4000-8000-000000000001', 'Ada Test', 'ada@example.com'),
    ('00000000-0000-4000-8000-000000000002', 'Ben Test', 'ben@example.com')
ON CONFLICT (id) DO UPDATE SET name = excluded.name, email = excluded.email;

INSERT INTO identities (user_id, provider, provider_subject)
VALUES
    ('00000000-0000-4000-8000-000000000001', 'example', 'ada'),
    ('00000000-0000-4000-8000-000000000002', 'example', 'ben')
ON CONFLICT (provider, provider_subject) DO NOTHING;
