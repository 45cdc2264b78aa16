-- metastore: priority=P0 description="What a message brings beside its text, as JSON"

ALTER TABLE messages ADD COLUMN artifact_data TEXT;
ALTER TABLE messages ADD COLUMN message_metadata TEXT;

-- metastore:down

ALTER TABLE messages DROP COLUMN message_metadata;
ALTER TABLE messages DROP COLUMN artifact_data;
