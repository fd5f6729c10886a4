-- +goose Up

-- The token buckets of throttles: one row for each account, so that a call locks one row, whatever limits match it. A row has the
-- buckets that are not full. The table is not written to the WAL, because a bucket is worth nothing after a crash: the table is
-- empty then, and every bucket is full.
CREATE UNLOGGED TABLE token_buckets (
    account_id text  NOT NULL, -- the account whose calls take from the buckets
    buckets    jsonb NOT NULL,
    CONSTRAINT an_account_has_its_token_buckets_once PRIMARY KEY (account_id),
    CONSTRAINT a_row_of_token_buckets_belongs_to_an_account FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE
) WITH (fillfactor = 50);

-- +goose Down
DROP TABLE token_buckets;
