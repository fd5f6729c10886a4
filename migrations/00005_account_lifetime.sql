-- +goose Up

-- An account that has expired is as good as gone: reads leave it out, and its rows go with the next look at the accounts. NULL: it stays.
ALTER TABLE accounts
    ADD COLUMN expires_at timestamptz,
    ADD CONSTRAINT an_account_expires_after_it_was_made CHECK (expires_at > created_at);
CREATE INDEX accounts_by_expiry ON accounts (expires_at) WHERE expires_at IS NOT NULL;

-- +goose Down
-- The older schema knows no lifetime: what had one stays. An account that had expired must not come back to life, so its rows would have to go; SQL
-- asks for no time, so the keys of all accounts with a lifetime are switched off instead.
UPDATE access_keys SET status = 'Inactive' WHERE account_id IN (SELECT id FROM accounts WHERE expires_at IS NOT NULL);
ALTER TABLE accounts DROP COLUMN expires_at;
