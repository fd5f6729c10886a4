-- +goose Up

-- The token buckets of throttles. A bucket exists from the first call that takes from it. The table is not written to the WAL,
-- because a bucket is worth nothing after a crash: it is empty then, and every bucket is full again.
CREATE UNLOGGED TABLE token_buckets (
    account_id   text             NOT NULL, -- the account whose calls take from the bucket
    throttle_id  text             NOT NULL,
    limit_number int              NOT NULL, -- of the throttle, from 1
    action       text             NOT NULL, -- '': one bucket for all actions that the limit matches
    region       text             NOT NULL, -- '': all regions, or calls that name none
    burst        int              NOT NULL,
    tokens       double precision NOT NULL, -- at refilled_at
    refilled_at  timestamptz      NOT NULL,
    CONSTRAINT a_token_bucket_exists_once PRIMARY KEY (account_id, throttle_id, limit_number, action, region),
    CONSTRAINT a_token_bucket_belongs_to_an_account FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE,
    CONSTRAINT a_token_bucket_belongs_to_a_throttle FOREIGN KEY (throttle_id) REFERENCES disturbances (id) ON DELETE CASCADE,
    CONSTRAINT a_token_bucket_holds_no_more_than_its_burst CHECK (tokens BETWEEN 0 AND burst)
) WITH (fillfactor = 50);
CREATE INDEX token_buckets_of_a_throttle ON token_buckets (throttle_id);

-- +goose Down
DROP TABLE token_buckets;
