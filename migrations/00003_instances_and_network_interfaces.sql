-- +goose Up

CREATE TABLE instances (
    account_id             text        NOT NULL,
    id                     text        NOT NULL,
    region_id              text        NOT NULL,
    zone_id                text        NOT NULL,
    network_type           text        NOT NULL DEFAULT 'vpc',
    vpc_id                 text,                        -- NULL for a classic instance, which therefore holds no interface
    vswitch_id             text,
    instance_type_owner_id text        NOT NULL,
    instance_type          text        NOT NULL,
    eni_quantity           integer     NOT NULL,        -- the type's, carried down to the interfaces
    status                 text        NOT NULL,
    next_status            text,
    settles_at             timestamptz,
    running_at             timestamptz,                 -- the second step of a creation that also starts: Pending, Starting, Running
    started_at             timestamptz,                 -- of the last start; NULL: never
    name                   text        NOT NULL DEFAULT '',
    description            text        NOT NULL DEFAULT '',
    host_name              text        NOT NULL DEFAULT '',
    resource_group_id      text        NOT NULL DEFAULT '',
    tags                   jsonb       NOT NULL DEFAULT '{}',
    attributes             jsonb       NOT NULL DEFAULT '{}',
    created_at             timestamptz NOT NULL,
    CONSTRAINT an_instance_exists_once PRIMARY KEY (account_id, id),
    CONSTRAINT an_instance_carries_its_location_and_limit UNIQUE (account_id, id, vpc_id, zone_id, eni_quantity),
    CONSTRAINT an_instance_belongs_to_an_account FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE,
    CONSTRAINT an_instance_lies_in_a_zone_of_its_region FOREIGN KEY (zone_id, region_id) REFERENCES zones (id, region_id),
    CONSTRAINT an_instance_lies_in_the_zone_of_its_vswitch FOREIGN KEY (account_id, vswitch_id, vpc_id, zone_id)
        REFERENCES vswitches (account_id, id, vpc_id, zone_id),
    CONSTRAINT an_instance_has_the_limit_of_its_type FOREIGN KEY (instance_type_owner_id, instance_type, eni_quantity)
        REFERENCES instance_types (owner_id, id, eni_quantity) ON UPDATE CASCADE,
    CONSTRAINT an_instance_has_a_type_of_its_account_or_the_catalogue CHECK (instance_type_owner_id IN ('', account_id)),
    CONSTRAINT an_instance_is_vpc_with_a_vswitch_or_classic_without CHECK (
        (network_type = 'vpc' AND vpc_id IS NOT NULL AND vswitch_id IS NOT NULL)
        OR (network_type = 'classic' AND vpc_id IS NULL AND vswitch_id IS NULL)),
    CONSTRAINT an_instance_has_a_documented_status CHECK (status IN ('Pending', 'Starting', 'Running', 'Stopping', 'Stopped')),
    CONSTRAINT an_instance_settles_from_a_transient_status CHECK (
        (next_status IS NULL AND settles_at IS NULL)
        OR (settles_at IS NOT NULL AND (status, next_status) IN
            (('Pending', 'Running'), ('Pending', 'Stopped'), ('Pending', 'Starting'), ('Starting', 'Running'),
             ('Stopping', 'Stopped')))),
    CONSTRAINT an_instance_that_will_start_will_run CHECK (
        (next_status IS NOT DISTINCT FROM 'Starting') = (running_at IS NOT NULL) AND (running_at >= settles_at) IS NOT FALSE)
);
CREATE INDEX instances_of_vswitch ON instances (account_id, vswitch_id);
CREATE INDEX instances_of_type ON instances (instance_type_owner_id, instance_type);

CREATE TABLE network_interfaces (
    account_id            text        NOT NULL,
    id                    text        NOT NULL,
    region_id             text        NOT NULL,
    zone_id               text        NOT NULL,
    vpc_id                text        NOT NULL,
    vswitch_id            text        NOT NULL,
    type                  text        NOT NULL,
    status                text        NOT NULL,
    next_status           text,                         -- 'Deleted' means gone
    settles_at            timestamptz,
    instance_id           text,
    instance_eni_quantity integer,                      -- the limit of that instance's type, carried by the foreign key
    device_index          integer,
    network_card_index    integer,                      -- only if the attach named one
    mac_address           text        NOT NULL,
    queue_number          integer,
    delete_on_release     boolean     NOT NULL DEFAULT true,
    source_dest_check     boolean     NOT NULL DEFAULT false,
    service_managed       boolean     NOT NULL DEFAULT false,
    name                  text        NOT NULL DEFAULT '',
    description           text        NOT NULL DEFAULT '',
    resource_group_id     text        NOT NULL DEFAULT '',
    tags                  jsonb       NOT NULL DEFAULT '{}',
    attributes            jsonb       NOT NULL DEFAULT '{}',
    created_at            timestamptz NOT NULL,
    CONSTRAINT an_eni_exists_once PRIMARY KEY (account_id, id),
    CONSTRAINT an_eni_lies_in_one_vpc UNIQUE (account_id, id, vpc_id),
    CONSTRAINT an_eni_lies_in_one_vswitch UNIQUE (account_id, id, vswitch_id),
    CONSTRAINT an_eni_lies_in_the_vpc_and_zone_of_its_vswitch FOREIGN KEY (account_id, vswitch_id, vpc_id, zone_id)
        REFERENCES vswitches (account_id, id, vpc_id, zone_id),
    CONSTRAINT an_eni_lies_in_a_zone_of_its_region FOREIGN KEY (zone_id, region_id) REFERENCES zones (id, region_id),
    -- One instance_id column: never on two instances. The rest of the key: same VPC, same zone, and the type's limit.
    CONSTRAINT an_attached_eni_shares_vpc_and_zone_with_its_instance
        FOREIGN KEY (account_id, instance_id, vpc_id, zone_id, instance_eni_quantity)
        REFERENCES instances (account_id, id, vpc_id, zone_id, eni_quantity) ON UPDATE CASCADE,
    -- Checked at the end of a statement rather than at each row, because one statement writes the decisions on many requests, and
    -- an interface may take the index that another one leaves in it.
    CONSTRAINT a_device_index_is_taken_once UNIQUE (account_id, instance_id, device_index) DEFERRABLE INITIALLY IMMEDIATE,
    CONSTRAINT a_device_index_is_below_the_limit_of_the_type CHECK (device_index >= 0 AND device_index < instance_eni_quantity),
    CONSTRAINT an_attached_eni_has_an_index_and_a_limit CHECK (
        (instance_id IS NULL) = (device_index IS NULL) AND (instance_id IS NULL) = (instance_eni_quantity IS NULL)),
    CONSTRAINT an_eni_is_attached_as_its_status_says CHECK (
        (status IN ('Attaching', 'InUse', 'Detaching')) = (instance_id IS NOT NULL)),
    CONSTRAINT an_eni_has_a_documented_status CHECK (status IN ('Available', 'Attaching', 'InUse', 'Detaching', 'Deleting')),
    CONSTRAINT an_eni_settles_from_a_transient_status CHECK (
        (next_status IS NULL AND settles_at IS NULL)
        OR (settles_at IS NOT NULL AND (status, next_status) IN
            (('Attaching', 'InUse'), ('Attaching', 'Available'), ('Detaching', 'Available'), ('Deleting', 'Deleted')))),
    CONSTRAINT an_eni_is_primary_or_secondary CHECK (type IN ('Primary', 'Secondary')),
    CONSTRAINT the_primary_eni_and_only_it_has_index_0 CHECK ((type = 'Primary') = (device_index IS NOT DISTINCT FROM 0))
);
-- While a table has not been analyzed, the planner rates an index on the first columns of a foreign key as highly as the key's own
-- index, and it is smaller. It would then serve the key's check, which reads all interfaces of a VSwitch, or all addresses, for
-- each row: quadratic after a large scenario. So this index, and the one on addresses, hold all columns of the key.
CREATE INDEX network_interfaces_of_vswitch ON network_interfaces (account_id, vswitch_id, id);
-- The interfaces of a region are counted for TotalCount, and the secondary ones for the quota. Few entries differ, so the index is
-- a tenth of one with ids, and a count reads nothing else as long as Postgres has vacuumed the table.
CREATE INDEX network_interfaces_of_region ON network_interfaces (account_id, region_id, type);
-- An interface that is being deleted keeps its addresses until it is purged, so that they can be found here.
CREATE INDEX network_interfaces_being_deleted ON network_interfaces (account_id, vswitch_id) WHERE next_status = 'Deleted';
-- An interface that is being detached keeps its slot until it settles.
CREATE INDEX network_interfaces_being_detached ON network_interfaces (account_id, instance_id) WHERE next_status = 'Available';

CREATE TABLE private_ip_addresses (
    account_id           text    NOT NULL,
    vswitch_id           text    NOT NULL,
    address              inet    NOT NULL,
    network_interface_id text    NOT NULL,
    is_primary           boolean NOT NULL,
    CONSTRAINT an_address_is_given_once_in_a_vswitch PRIMARY KEY (account_id, vswitch_id, address),
    CONSTRAINT an_address_comes_from_the_vswitch_of_its_eni FOREIGN KEY (account_id, network_interface_id, vswitch_id)
        REFERENCES network_interfaces (account_id, id, vswitch_id) ON DELETE CASCADE,
    CONSTRAINT an_address_is_a_single_host CHECK (masklen(address) = CASE family(address) WHEN 4 THEN 32 ELSE 128 END)
);
CREATE INDEX private_ip_addresses_of_eni ON private_ip_addresses (account_id, network_interface_id, vswitch_id);
-- Filters name an address without its VSwitch.
CREATE INDEX private_ip_addresses_of_account ON private_ip_addresses (account_id, address);
CREATE UNIQUE INDEX an_eni_has_one_primary_ipv4 ON private_ip_addresses (account_id, network_interface_id)
    WHERE is_primary AND family(address) = 4;

-- A /28 of IPv4 or a /80 of IPv6 that is assigned to an interface as a whole. No address of the VSwitch lies in it, because each
-- assignment holds the VSwitch's lock.
CREATE TABLE ip_prefixes (
    account_id           text NOT NULL,
    vswitch_id           text NOT NULL,
    prefix               cidr NOT NULL,
    network_interface_id text NOT NULL,
    CONSTRAINT a_prefix_is_given_once_in_a_vswitch PRIMARY KEY (account_id, vswitch_id, prefix),
    CONSTRAINT a_prefix_comes_from_the_vswitch_of_its_eni FOREIGN KEY (account_id, network_interface_id, vswitch_id)
        REFERENCES network_interfaces (account_id, id, vswitch_id) ON DELETE CASCADE,
    CONSTRAINT a_prefix_has_the_documented_length CHECK (masklen(prefix) = CASE family(prefix) WHEN 4 THEN 28 ELSE 80 END)
);
CREATE INDEX ip_prefixes_of_eni ON ip_prefixes (account_id, network_interface_id, vswitch_id);

CREATE TABLE network_interface_security_groups (
    account_id           text     NOT NULL,
    network_interface_id text     NOT NULL,
    security_group_id    text     NOT NULL,
    vpc_id               text     NOT NULL,
    position             smallint NOT NULL,             -- the order in which the caller named them
    CONSTRAINT an_eni_joins_a_group_once PRIMARY KEY (account_id, network_interface_id, security_group_id),
    CONSTRAINT an_eni_joins_groups_of_its_vpc_eni FOREIGN KEY (account_id, network_interface_id, vpc_id)
        REFERENCES network_interfaces (account_id, id, vpc_id) ON DELETE CASCADE,
    CONSTRAINT an_eni_joins_groups_of_its_vpc_group FOREIGN KEY (account_id, security_group_id, vpc_id)
        REFERENCES security_groups (account_id, id, vpc_id)
);
-- With the interface in it, the members of a group are read from the index alone, in the order of a list, from any page on.
CREATE INDEX network_interfaces_of_security_group
    ON network_interface_security_groups (account_id, security_group_id, network_interface_id);

-- +goose Down
DROP TABLE network_interface_security_groups, ip_prefixes, private_ip_addresses, network_interfaces, instances;
