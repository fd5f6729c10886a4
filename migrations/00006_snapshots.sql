-- +goose Up

-- A snapshot holds the rows that an account had at one time, by table. They are in pieces, because a JSON value has a maximum size.
CREATE TABLE snapshots (
    account_id text        NOT NULL,
    name       text        NOT NULL,
    schema     text        NOT NULL,                    -- the fingerprint of the migrations that its rows fit
    resources  integer     NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT a_snapshot_exists_once_per_account PRIMARY KEY (account_id, name),
    CONSTRAINT a_snapshot_belongs_to_an_account FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE
);

CREATE TABLE snapshot_rows (
    account_id    text    NOT NULL,
    snapshot_name text    NOT NULL,
    of_table      text    NOT NULL,
    piece         integer NOT NULL,
    content       jsonb   NOT NULL,
    CONSTRAINT a_piece_exists_once PRIMARY KEY (account_id, snapshot_name, of_table, piece),
    CONSTRAINT a_piece_belongs_to_a_snapshot FOREIGN KEY (account_id, snapshot_name)
        REFERENCES snapshots (account_id, name) ON DELETE CASCADE
);

-- +goose Down
DROP TABLE snapshot_rows, snapshots;
