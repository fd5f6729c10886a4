-- +goose Up

-- The elastic IP addresses of an account.
CREATE TABLE eips (
    account_id        text        NOT NULL,
    id                text        NOT NULL,           -- the allocation id
    region_id         text        NOT NULL,
    ip_address        inet        NOT NULL,
    bandwidth         integer     NOT NULL,           -- Mbit/s
    name              text        NOT NULL DEFAULT '',
    description       text        NOT NULL DEFAULT '',
    resource_group_id text        NOT NULL DEFAULT '',
    tags              jsonb       NOT NULL DEFAULT '{}',
    attributes        jsonb       NOT NULL DEFAULT '{}',
    created_at        timestamptz NOT NULL,
    CONSTRAINT an_eip_exists_once PRIMARY KEY (account_id, id),
    CONSTRAINT a_public_address_is_of_one_eip UNIQUE (account_id, ip_address),
    CONSTRAINT an_eip_belongs_to_an_account FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE,
    CONSTRAINT an_eip_lies_in_a_known_region FOREIGN KEY (region_id) REFERENCES regions (id),
    CONSTRAINT an_eip_is_an_ipv4_address CHECK (family(ip_address) = 4 AND masklen(ip_address) = 32),
    CONSTRAINT an_eip_has_bandwidth CHECK (bandwidth > 0)
);

-- An EIP is on a private address: of a secondary interface, or the primary one of an instance. An EIP without a row is Available. A
-- row goes with its private address, so an interface or an instance that is deleted leaves its EIPs Available.
CREATE TABLE eip_associations (
    account_id           text        NOT NULL,
    eip_id               text        NOT NULL,
    vswitch_id           text        NOT NULL,
    private_ip_address   inet        NOT NULL,
    network_interface_id text        NOT NULL,        -- which has the private address
    mode                 text        NOT NULL,
    status               text        NOT NULL,
    next_status          text,                        -- 'Available' means that the row is gone
    settles_at           timestamptz,
    CONSTRAINT an_eip_is_on_one_address PRIMARY KEY (account_id, eip_id),
    CONSTRAINT a_private_address_has_one_eip UNIQUE (account_id, vswitch_id, private_ip_address),
    CONSTRAINT an_association_is_of_a_known_eip FOREIGN KEY (account_id, eip_id) REFERENCES eips (account_id, id) ON DELETE CASCADE,
    CONSTRAINT an_eip_is_on_an_assigned_address FOREIGN KEY (account_id, vswitch_id, private_ip_address)
        REFERENCES private_ip_addresses (account_id, vswitch_id, address) ON DELETE CASCADE,
    CONSTRAINT an_eip_is_on_an_ipv4_address CHECK (family(private_ip_address) = 4),
    CONSTRAINT an_eip_has_a_documented_mode CHECK (mode IN ('NORMAL', 'BINDED', 'MULTI_BINDED')),
    CONSTRAINT an_association_has_a_documented_status CHECK (status IN ('Associating', 'InUse', 'Unassociating')),
    CONSTRAINT an_association_settles_from_a_transient_status CHECK (
        (next_status IS NULL AND settles_at IS NULL)
        OR (settles_at IS NOT NULL AND (status, next_status) IN (('Associating', 'InUse'), ('Unassociating', 'Available'))))
);
CREATE INDEX eip_associations_of_interface ON eip_associations (account_id, network_interface_id);

-- A new EIP gets none of the public addresses of instances.
CREATE INDEX instances_by_public_address ON instances (account_id, (attributes ->> 'PublicIPAddress'))
    WHERE attributes ->> 'PublicIPAddress' IS NOT NULL;

-- +goose Down
DROP INDEX instances_by_public_address;
DROP TABLE eip_associations, eips;
