-- +goose Up

-- Further IPv4 blocks of a VPC, in which its VSwitches may lie too.
ALTER TABLE vpcs
    ADD COLUMN secondary_cidr_blocks cidr[] NOT NULL DEFAULT '{}',
    ADD CONSTRAINT a_vpc_has_few_secondary_blocks CHECK (cardinality(secondary_cidr_blocks) <= 5);

-- The route tables of VPCs. Each VPC has one system table, which comes and goes with it.
CREATE TABLE route_tables (
    account_id        text        NOT NULL,
    id                text        NOT NULL,
    vpc_id            text        NOT NULL,
    region_id         text        NOT NULL,
    type              text        NOT NULL,
    name              text        NOT NULL DEFAULT '',
    description       text        NOT NULL DEFAULT '',
    route_propagation boolean     NOT NULL DEFAULT true,
    tags              jsonb       NOT NULL DEFAULT '{}',
    created_at        timestamptz NOT NULL,
    CONSTRAINT a_route_table_exists_once PRIMARY KEY (account_id, id),
    CONSTRAINT a_route_table_lies_in_one_vpc UNIQUE (account_id, vpc_id, id),
    CONSTRAINT a_route_table_lies_in_a_vpc_of_its_region FOREIGN KEY (account_id, vpc_id, region_id)
        REFERENCES vpcs (account_id, id, region_id) ON DELETE CASCADE,
    CONSTRAINT a_route_table_has_a_documented_type CHECK (type IN ('System', 'Custom'))
);
CREATE UNIQUE INDEX a_vpc_has_one_system_route_table ON route_tables (account_id, vpc_id) WHERE type = 'System';

-- The VSwitches that use a custom table. All others use the system table of their VPC.
CREATE TABLE route_table_associations (
    account_id     text NOT NULL,
    vswitch_id     text NOT NULL,
    vpc_id         text NOT NULL,
    route_table_id text NOT NULL,
    CONSTRAINT a_vswitch_uses_one_route_table PRIMARY KEY (account_id, vswitch_id),
    CONSTRAINT a_route_table_is_used_by_known_vswitches FOREIGN KEY (account_id, vswitch_id)
        REFERENCES vswitches (account_id, id) ON DELETE CASCADE,
    CONSTRAINT a_vswitch_uses_a_route_table_of_the_vpc FOREIGN KEY (account_id, vpc_id, route_table_id)
        REFERENCES route_tables (account_id, vpc_id, id)
);
CREATE INDEX route_table_associations_of_table ON route_table_associations (account_id, vpc_id, route_table_id);

-- The custom entries of route tables. Those of the system follow from the VSwitches.
CREATE TABLE route_entries (
    account_id             text        NOT NULL,
    id                     text        NOT NULL,
    vpc_id                 text        NOT NULL,
    route_table_id         text        NOT NULL,
    destination_cidr_block cidr        NOT NULL,
    instance_id            text,                        -- the next hop is an instance or an interface
    network_interface_id   text,
    name                   text        NOT NULL DEFAULT '',
    description            text        NOT NULL DEFAULT '',
    created_at             timestamptz NOT NULL,
    CONSTRAINT a_route_entry_exists_once PRIMARY KEY (account_id, id),
    CONSTRAINT a_destination_is_in_a_route_table_once UNIQUE (account_id, route_table_id, destination_cidr_block),
    CONSTRAINT a_route_entry_is_in_a_known_table FOREIGN KEY (account_id, vpc_id, route_table_id)
        REFERENCES route_tables (account_id, vpc_id, id),
    CONSTRAINT a_next_hop_is_a_known_instance FOREIGN KEY (account_id, instance_id) REFERENCES instances (account_id, id),
    CONSTRAINT a_next_hop_is_a_known_interface FOREIGN KEY (account_id, network_interface_id)
        REFERENCES network_interfaces (account_id, id),
    CONSTRAINT a_route_entry_has_one_next_hop CHECK (num_nonnulls(instance_id, network_interface_id) = 1),
    CONSTRAINT a_destination_is_an_ipv4_block_of_customers CHECK (
        family(destination_cidr_block) = 4 AND NOT destination_cidr_block <<= '100.64.0.0/10')
);
CREATE INDEX route_entries_of_table ON route_entries (account_id, vpc_id, route_table_id);
CREATE INDEX route_entries_to_instance ON route_entries (account_id, instance_id) WHERE instance_id IS NOT NULL;
CREATE INDEX route_entries_to_interface ON route_entries (account_id, network_interface_id)
    WHERE network_interface_id IS NOT NULL;

-- A VPC gets its system table when it is committed, if the transaction has not inserted it. The id is made of the VPC's id, as
-- SystemRouteTableID of package store makes it.
-- +goose StatementBegin
CREATE FUNCTION add_system_route_table() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO route_tables (account_id, id, vpc_id, region_id, type, created_at)
    SELECT account_id, 'vtb-' || regexp_replace(id, '^vpc-', ''), id, region_id, 'System', created_at
    FROM vpcs
    WHERE account_id = NEW.account_id AND id = NEW.id
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE CONSTRAINT TRIGGER a_vpc_gets_its_system_route_table AFTER INSERT ON vpcs DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION add_system_route_table();

INSERT INTO route_tables (account_id, id, vpc_id, region_id, type, created_at)
SELECT account_id, 'vtb-' || regexp_replace(id, '^vpc-', ''), id, region_id, 'System', created_at FROM vpcs;

-- +goose Down
DROP TRIGGER a_vpc_gets_its_system_route_table ON vpcs;
DROP FUNCTION add_system_route_table;
DROP TABLE route_entries, route_table_associations, route_tables;
ALTER TABLE vpcs DROP COLUMN secondary_cidr_blocks;
