-- +goose Up

-- The rules by which an operator disturbs accounts: faults, lifecycles, throttles and stock. A rule never changes, it is inserted
-- and deleted. So the greatest position and the number of an account's rules identify its set of rules, and a server finds with
-- each lookup of an access key whether the rules that it knows are the current ones.
CREATE TABLE disturbances (
    id         text        NOT NULL,
    account_id text,                                  -- NULL: every account
    kind       text        NOT NULL,
    position   bigint      NOT NULL GENERATED ALWAYS AS IDENTITY, -- the rules of an account are asked in this order
    rule       jsonb       NOT NULL,
    matched    bigint      NOT NULL DEFAULT 0,        -- calls that the rule was asked about
    struck     bigint      NOT NULL DEFAULT 0,        -- calls that it touched
    created_at timestamptz NOT NULL,
    CONSTRAINT a_disturbance_exists_once PRIMARY KEY (id),
    CONSTRAINT a_disturbance_belongs_to_a_known_account FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE,
    CONSTRAINT a_disturbance_is_of_a_known_kind CHECK (kind IN ('fault', 'lifecycle', 'throttle', 'stock')),
    CONSTRAINT a_rule_touches_no_more_calls_than_it_matches CHECK (struck BETWEEN 0 AND matched)
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX disturbances_of_an_account ON disturbances (account_id, kind, position);
CREATE UNIQUE INDEX an_account_has_one_throttle ON disturbances (account_id) NULLS NOT DISTINCT WHERE kind = 'throttle';

-- +goose Down
DROP TABLE disturbances;
