-- +goose Up

-- Regions and zones only ever grow: the catalogue brings the real ones, a scenario may declare more.
CREATE TABLE regions (
    id            text NOT NULL,
    local_name_en text NOT NULL DEFAULT '',
    local_name_zh text NOT NULL DEFAULT '',
    CONSTRAINT a_region_is_listed_once PRIMARY KEY (id)
);

CREATE TABLE zones (
    id        text NOT NULL,
    region_id text NOT NULL,
    CONSTRAINT a_zone_is_listed_once PRIMARY KEY (id),
    CONSTRAINT a_zone_lies_in_one_region UNIQUE (id, region_id),
    CONSTRAINT a_zone_lies_in_a_known_region FOREIGN KEY (region_id) REFERENCES regions (id)
);

-- After expires_at an account no longer exists: reads leave it out, and its rows are deleted when accounts are next listed or
-- created. NULL: it stays. repeats is the answer to an attach or a detach whose effect is there already; '' leaves it to the
-- server (serve --repeats).
CREATE TABLE accounts (
    id                            text        NOT NULL,
    name                          text        NOT NULL DEFAULT '',
    network_interfaces_per_region integer     NOT NULL DEFAULT 100,
    repeats                       text        NOT NULL DEFAULT '',
    created_at                    timestamptz NOT NULL,
    expires_at                    timestamptz,
    CONSTRAINT an_account_exists_once PRIMARY KEY (id),
    CONSTRAINT an_account_id_has_16_digits CHECK (id ~ '^[0-9]{16}$'),
    CONSTRAINT an_account_expires_after_it_was_made CHECK (expires_at > created_at),
    CONSTRAINT a_quota_is_not_negative CHECK (network_interfaces_per_region >= 0),
    CONSTRAINT repeats_are_accepted_or_refused CHECK (repeats IN ('', 'accept', 'refuse'))
);
CREATE INDEX accounts_by_expiry ON accounts (expires_at) WHERE expires_at IS NOT NULL;

-- An account's own types stand beside, or before, the catalogue's, whose owner is ''. So a scenario that redefines a type
-- changes it for its own accounts only.
CREATE TABLE instance_types (
    owner_id             text             NOT NULL DEFAULT '',
    id                   text             NOT NULL,
    family               text             NOT NULL,
    generation           text             NOT NULL DEFAULT '',
    vcpus                integer          NOT NULL,
    memory_gib           double precision NOT NULL,
    eni_quantity         integer          NOT NULL,
    private_ipv4_per_eni integer,                       -- NULL: no source gives it, so it does not bind
    ipv6_per_eni         integer,                       -- the same
    eni_trunk_supported  boolean          NOT NULL DEFAULT false,
    eni_total_quantity   integer,
    bandwidth_gbps       double precision,
    pps_10k              double precision,
    network_cards        integer,
    cpu_architecture     text             NOT NULL DEFAULT 'x86_64',
    hot_plug             boolean          NOT NULL DEFAULT true,
    io_optimized         boolean          NOT NULL DEFAULT true,
    CONSTRAINT a_type_is_defined_once_per_owner PRIMARY KEY (owner_id, id),
    CONSTRAINT a_type_has_one_eni_quantity UNIQUE (owner_id, id, eni_quantity),
    CONSTRAINT a_type_holds_at_least_the_primary_eni CHECK (eni_quantity >= 1)
);

CREATE TABLE ram_users (
    account_id text   NOT NULL,
    name       text   NOT NULL,
    allow      text[] NOT NULL DEFAULT '{}',
    CONSTRAINT a_ram_user_exists_once_per_account PRIMARY KEY (account_id, name),
    CONSTRAINT a_ram_user_belongs_to_an_account FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE
);

CREATE TABLE access_keys (
    id             text        NOT NULL,
    account_id     text        NOT NULL,
    ram_user_name  text,                                -- NULL: a key of the account itself
    secret         text        NOT NULL,
    security_token text,                                -- of a temporary key, as the vendor's STS issues it; NULL: a lasting key
    assumed_role   text,                                -- of a temporary key: its role and session, for GetCallerIdentity
    status         text        NOT NULL DEFAULT 'Active',
    expires_at     timestamptz,
    created_at     timestamptz NOT NULL,
    CONSTRAINT an_access_key_exists_once PRIMARY KEY (id),
    CONSTRAINT an_access_key_belongs_to_an_account FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE,
    CONSTRAINT an_access_key_belongs_to_a_user_of_its_account FOREIGN KEY (account_id, ram_user_name)
        REFERENCES ram_users (account_id, name) ON DELETE CASCADE,
    CONSTRAINT an_access_key_is_active_or_inactive CHECK (status IN ('Active', 'Inactive')),
    CONSTRAINT a_temporary_key_expires CHECK (security_token IS NULL OR expires_at IS NOT NULL),
    CONSTRAINT only_a_temporary_key_has_a_role CHECK (assumed_role IS NULL OR security_token IS NOT NULL)
);
CREATE INDEX access_keys_of_account ON access_keys (account_id, ram_user_name);

-- The answer to a request with a ClientToken, written in the transaction of its effect. A token whose request was refused is
-- kept too, because a repeat of it is refused. Outside of a transaction a token has an answer or has failed.
CREATE TABLE client_tokens (
    account_id   text        NOT NULL,
    action       text        NOT NULL,
    token        text        NOT NULL,
    request_hash bytea       NOT NULL,
    answer       jsonb,
    failed       boolean     NOT NULL DEFAULT false,
    created_at   timestamptz NOT NULL,
    CONSTRAINT a_client_token_takes_effect_once PRIMARY KEY (account_id, action, token),
    CONSTRAINT a_client_token_belongs_to_an_account FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE,
    CONSTRAINT a_failed_client_token_has_no_answer CHECK (NOT failed OR answer IS NULL)
);
CREATE INDEX client_tokens_by_age ON client_tokens (account_id, created_at);
CREATE INDEX failed_client_tokens ON client_tokens (account_id, created_at DESC) WHERE failed;

-- +goose Down
DROP TABLE client_tokens, access_keys, ram_users, instance_types, accounts, zones, regions;
