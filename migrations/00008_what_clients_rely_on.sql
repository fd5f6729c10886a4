-- +goose Up

-- Whether an attach or a detach is accepted whose effect is there already. '': as the server says (serve --repeats).
ALTER TABLE accounts
    ADD COLUMN repeats text NOT NULL DEFAULT '',
    ADD CONSTRAINT repeats_are_accepted_or_refused CHECK (repeats IN ('', 'accept', 'refuse'));

-- A token whose request was refused is kept too: a repeat is told so. Outside of a transaction a token has an answer or has failed.
ALTER TABLE client_tokens
    ADD COLUMN failed boolean NOT NULL DEFAULT false,
    ADD CONSTRAINT a_failed_client_token_has_no_answer CHECK (NOT failed OR answer IS NULL);
CREATE INDEX failed_client_tokens ON client_tokens (account_id, created_at DESC) WHERE failed;

-- +goose Down
DELETE FROM client_tokens WHERE failed; -- the older schema leaves them free
DROP INDEX failed_client_tokens;
ALTER TABLE client_tokens DROP COLUMN failed;
ALTER TABLE accounts DROP COLUMN repeats;
