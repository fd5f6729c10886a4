-- +goose Up

-- An account with trunking may create trunk interfaces, and attach interfaces as their members.
ALTER TABLE accounts ADD COLUMN trunking boolean NOT NULL DEFAULT false;

-- A member has a VLAN of its trunk as its device index, from 1001 on. So members and slots share the index on device indexes, and
-- the number of members has a limit as the number of slots has one. 3,094 VLANs are left up to 4094, which is the limit of a type
-- whose total no source gives. A type without trunks has none.
ALTER TABLE instance_types
    ADD COLUMN member_quantity integer GENERATED ALWAYS AS (
        CASE WHEN eni_trunk_supported THEN least(greatest(coalesce(eni_total_quantity - eni_quantity, 3094), 0), 3094) END) STORED,
    ADD CONSTRAINT a_type_has_one_member_quantity UNIQUE (owner_id, id, member_quantity),
    ADD CONSTRAINT a_type_with_trunks_leaves_the_vlans_free CHECK (NOT eni_trunk_supported OR eni_quantity <= 1001);

ALTER TABLE network_interfaces
    DROP CONSTRAINT an_eni_is_primary_or_secondary,
    ADD CONSTRAINT an_eni_is_primary_secondary_or_trunk CHECK (type IN ('Primary', 'Secondary', 'Trunk'));

-- The trunks that are attached. Triggers on attachments and instances keep the table, and nothing else writes to it.
CREATE TABLE trunks (
    account_id             text    NOT NULL,
    instance_id            text    NOT NULL,
    network_interface_id   text    NOT NULL,
    instance_type_owner_id text    NOT NULL,
    instance_type          text    NOT NULL,
    member_quantity        integer NOT NULL,              -- the limit of that type, carried by the foreign key
    CONSTRAINT an_instance_has_one_trunk PRIMARY KEY (account_id, instance_id),
    CONSTRAINT a_trunk_carries_its_instance_and_limit UNIQUE (account_id, instance_id, network_interface_id, member_quantity),
    CONSTRAINT a_trunk_has_the_limit_of_a_type FOREIGN KEY (instance_type_owner_id, instance_type, member_quantity)
        REFERENCES instance_types (owner_id, id, member_quantity) ON UPDATE CASCADE
);
CREATE INDEX trunks_of_type ON trunks (instance_type_owner_id, instance_type);

-- trunk_id is the trunk of a member. An attached trunk has its own id in it. held_trunk_id is the same until the interface leaves:
-- a trunk stays as long as a member does, and goes before the rows of members that have left. Most attachments have none, and then
-- the foreign key costs nothing. It is checked at the commit, because a transaction may move a trunk with its members.
ALTER TABLE attachments
    ADD COLUMN trunk_id text,
    ADD COLUMN held_trunk_id text,
    ADD COLUMN member_quantity integer,                   -- the limit of the trunk's members, carried by the foreign key
    ADD CONSTRAINT an_attachment_to_a_trunk_has_its_limit CHECK ((trunk_id IS NULL) = (member_quantity IS NULL)),
    ADD CONSTRAINT a_trunk_is_held_until_its_member_leaves CHECK (
        held_trunk_id IS NOT DISTINCT FROM CASE WHEN next_status IS DISTINCT FROM 'Available' THEN trunk_id END),
    ADD CONSTRAINT a_member_is_on_the_instance_of_its_trunk
        FOREIGN KEY (account_id, instance_id, held_trunk_id, member_quantity)
        REFERENCES trunks (account_id, instance_id, network_interface_id, member_quantity)
        ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED,
    DROP CONSTRAINT a_device_index_is_below_the_limit_of_the_type,
    ADD CONSTRAINT a_device_index_is_below_the_limit_of_the_type CHECK (
        (trunk_id IS NOT NULL AND trunk_id <> network_interface_id)
        OR (device_index > 0 AND device_index < instance_eni_quantity)),
    ADD CONSTRAINT a_vlan_is_within_the_limit_of_the_type CHECK (
        trunk_id IS NULL OR trunk_id = network_interface_id
        OR (device_index > 1000 AND device_index <= 1000 + member_quantity));

-- +goose StatementBegin
CREATE FUNCTION keep_trunks() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF TG_TABLE_NAME = 'instances' THEN
        UPDATE trunks t
        SET instance_type_owner_id = y.owner_id, instance_type = y.id, member_quantity = y.member_quantity
        FROM instance_types y
        WHERE t.account_id = NEW.account_id AND t.instance_id = NEW.id
          AND y.owner_id = NEW.instance_type_owner_id AND y.id = NEW.instance_type;
    ELSIF TG_OP = 'INSERT' THEN
        INSERT INTO trunks (account_id, instance_id, network_interface_id, instance_type_owner_id, instance_type, member_quantity)
        SELECT i.account_id, i.id, NEW.network_interface_id, y.owner_id, y.id, y.member_quantity
        FROM instances i
        JOIN instance_types y ON y.owner_id = i.instance_type_owner_id AND y.id = i.instance_type
        WHERE i.account_id = NEW.account_id AND i.id = NEW.instance_id;
    ELSE
        DELETE FROM trunks WHERE account_id = OLD.account_id AND instance_id = OLD.instance_id;
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- Nothing but these writes changes which trunk is attached: an attachment that moves is deleted and inserted.
CREATE TRIGGER attached_trunks_are_kept AFTER INSERT ON attachments
    FOR EACH ROW WHEN (NEW.trunk_id = NEW.network_interface_id) EXECUTE FUNCTION keep_trunks();
CREATE TRIGGER detached_trunks_are_kept AFTER DELETE ON attachments
    FOR EACH ROW WHEN (OLD.trunk_id = OLD.network_interface_id) EXECUTE FUNCTION keep_trunks();
CREATE TRIGGER trunks_follow_the_type_of_their_instance AFTER UPDATE OF instance_type_owner_id, instance_type ON instances
    FOR EACH ROW
    WHEN ((NEW.instance_type_owner_id, NEW.instance_type) <> (OLD.instance_type_owner_id, OLD.instance_type))
    EXECUTE FUNCTION keep_trunks();

CREATE OR REPLACE VIEW slots AS
    SELECT account_id, primary_of AS instance_id, id AS network_interface_id, NULL::integer AS instance_eni_quantity,
           0 AS device_index, network_card_index, status, next_status, settles_at,
           NULL::text AS trunk_id, NULL::integer AS member_quantity
    FROM network_interfaces
    WHERE primary_of IS NOT NULL
    UNION ALL
    SELECT account_id, instance_id, network_interface_id, instance_eni_quantity,
           device_index, network_card_index, status, next_status, settles_at, trunk_id, member_quantity
    FROM attachments;

CREATE OR REPLACE VIEW whole_network_interfaces AS
    SELECT n.account_id, n.id, n.region_id, n.zone_id, n.vpc_id, n.vswitch_id, n.type,
           coalesce(a.status, n.status) AS status,
           coalesce(a.next_status, n.next_status) AS next_status,
           coalesce(a.settles_at, n.settles_at) AS settles_at,
           coalesce(a.instance_id, n.primary_of) AS instance_id,
           a.instance_eni_quantity,
           coalesce(a.device_index, CASE WHEN n.primary_of IS NOT NULL THEN 0 END) AS device_index,
           coalesce(a.network_card_index, n.network_card_index) AS network_card_index,
           n.mac_address, n.queue_number, n.delete_on_release, n.source_dest_check, n.service_managed,
           n.name, n.description, n.resource_group_id, n.tags, n.attributes, n.created_at,
           a.trunk_id, a.member_quantity
    FROM network_interfaces n
    LEFT JOIN attachments a ON a.account_id = n.account_id AND a.network_interface_id = n.id;

DROP FUNCTION settled_network_interfaces(timestamptz);
-- +goose StatementBegin
-- The interfaces as they stand at a time. See 00004.
CREATE FUNCTION settled_network_interfaces(at timestamptz)
RETURNS TABLE (
    account_id text, id text, region_id text, zone_id text, vpc_id text, vswitch_id text, type text,
    status text, instance_id text, device_index integer, network_card_index integer,
    mac_address text, queue_number integer, delete_on_release boolean, source_dest_check boolean, service_managed boolean,
    name text, description text, resource_group_id text, tags jsonb, attributes jsonb, created_at timestamptz, trunk_id text
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT n.account_id, n.id, n.region_id, n.zone_id, n.vpc_id, n.vswitch_id, n.type,
           CASE WHEN a.settles_at <= at THEN a.next_status ELSE coalesce(a.status, n.status) END,
           coalesce(CASE WHEN (a.settles_at <= at AND a.next_status = 'Available') IS NOT TRUE THEN a.instance_id END, n.primary_of),
           CASE WHEN n.primary_of IS NOT NULL THEN 0
                WHEN (a.settles_at <= at AND a.next_status = 'Available') IS NOT TRUE THEN a.device_index END,
           CASE WHEN n.primary_of IS NOT NULL THEN n.network_card_index
                WHEN (a.settles_at <= at AND a.next_status = 'Available') IS NOT TRUE THEN a.network_card_index END,
           n.mac_address, n.queue_number, n.delete_on_release, n.source_dest_check, n.service_managed,
           n.name, n.description, n.resource_group_id, n.tags, n.attributes, n.created_at,
           CASE WHEN (a.settles_at <= at AND a.next_status = 'Available') IS NOT TRUE THEN a.trunk_id END
    FROM network_interfaces n
    LEFT JOIN attachments a ON a.account_id = n.account_id AND a.network_interface_id = n.id
    WHERE (n.settles_at <= at AND n.next_status = 'Deleted') IS NOT TRUE
$$;
-- +goose StatementEnd

-- A trunk counts like a secondary interface: every interface that is not primary does.

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION recount_vswitches(accounts text[]) RETURNS void
LANGUAGE sql VOLATILE
AS $$
    DELETE FROM vswitch_counts c WHERE c.account_id = ANY (accounts);
    INSERT INTO vswitch_counts (account_id, vswitch_id, interfaces, secondary_interfaces, ipv4_addresses)
    SELECT account_id, vswitch_id, sum(interfaces), sum(secondary_interfaces), sum(ipv4_addresses)
    FROM (
        SELECT account_id, vswitch_id, count(*) AS interfaces, count(*) FILTER (WHERE type <> 'Primary') AS secondary_interfaces,
               0 AS ipv4_addresses
        FROM network_interfaces WHERE account_id = ANY (accounts) GROUP BY 1, 2
        UNION ALL
        SELECT account_id, vswitch_id, 0, 0, count(*)
        FROM private_ip_addresses WHERE account_id = ANY (accounts) AND family(address) = 4 GROUP BY 1, 2
        UNION ALL
        SELECT account_id, vswitch_id, 0, 0, 16 * count(*)
        FROM ip_prefixes WHERE account_id = ANY (accounts) AND family(prefix) = 4 GROUP BY 1, 2) AS counted
    GROUP BY 1, 2;
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION count_interfaces() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    sign integer := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
    INSERT INTO vswitch_counts (account_id, vswitch_id, interfaces, secondary_interfaces, ipv4_addresses)
    SELECT account_id, vswitch_id, sign * count(*), sign * count(*) FILTER (WHERE type <> 'Primary'), 0
    FROM changed GROUP BY 1, 2;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- +goose Down

-- Members leave their trunks, because the schema before has no place for them. Trunks become secondary interfaces in their slots,
-- which count as before.
DELETE FROM attachments WHERE trunk_id <> network_interface_id;
SET CONSTRAINTS ALL IMMEDIATE;
DROP TRIGGER attached_trunks_are_kept ON attachments;
DROP TRIGGER detached_trunks_are_kept ON attachments;
DROP TRIGGER trunks_follow_the_type_of_their_instance ON instances;
DROP FUNCTION keep_trunks();
DROP FUNCTION settled_network_interfaces(timestamptz);
DROP VIEW whole_network_interfaces, slots;
ALTER TABLE attachments
    DROP CONSTRAINT a_device_index_is_below_the_limit_of_the_type,
    DROP COLUMN trunk_id, -- with its constraints
    DROP COLUMN held_trunk_id,
    DROP COLUMN member_quantity,
    ADD CONSTRAINT a_device_index_is_below_the_limit_of_the_type
        CHECK (device_index > 0 AND device_index < instance_eni_quantity);
DROP TABLE trunks;
ALTER TABLE instance_types
    DROP CONSTRAINT a_type_with_trunks_leaves_the_vlans_free,
    DROP COLUMN member_quantity; -- with its constraint
UPDATE network_interfaces SET type = 'Secondary' WHERE type = 'Trunk';
ALTER TABLE network_interfaces
    DROP CONSTRAINT an_eni_is_primary_secondary_or_trunk,
    ADD CONSTRAINT an_eni_is_primary_or_secondary CHECK (type IN ('Primary', 'Secondary'));
ALTER TABLE accounts DROP COLUMN trunking;

-- The device indexes of instances that are in use, each with its interface and the status that its attachment has stored.
CREATE VIEW slots AS
    SELECT account_id, primary_of AS instance_id, id AS network_interface_id, NULL::integer AS instance_eni_quantity,
           0 AS device_index, network_card_index, status, next_status, settles_at
    FROM network_interfaces
    WHERE primary_of IS NOT NULL
    UNION ALL
    SELECT account_id, instance_id, network_interface_id, instance_eni_quantity,
           device_index, network_card_index, status, next_status, settles_at
    FROM attachments;

-- Each interface with its attachment, as both are stored.
CREATE VIEW whole_network_interfaces AS
    SELECT n.account_id, n.id, n.region_id, n.zone_id, n.vpc_id, n.vswitch_id, n.type,
           coalesce(a.status, n.status) AS status,
           coalesce(a.next_status, n.next_status) AS next_status,
           coalesce(a.settles_at, n.settles_at) AS settles_at,
           coalesce(a.instance_id, n.primary_of) AS instance_id,
           a.instance_eni_quantity,
           coalesce(a.device_index, CASE WHEN n.primary_of IS NOT NULL THEN 0 END) AS device_index,
           coalesce(a.network_card_index, n.network_card_index) AS network_card_index,
           n.mac_address, n.queue_number, n.delete_on_release, n.source_dest_check, n.service_managed,
           n.name, n.description, n.resource_group_id, n.tags, n.attributes, n.created_at
    FROM network_interfaces n
    LEFT JOIN attachments a ON a.account_id = n.account_id AND a.network_interface_id = n.id;

-- +goose StatementBegin
-- The interfaces as they stand at a time. See 00004.
CREATE FUNCTION settled_network_interfaces(at timestamptz)
RETURNS TABLE (
    account_id text, id text, region_id text, zone_id text, vpc_id text, vswitch_id text, type text,
    status text, instance_id text, device_index integer, network_card_index integer,
    mac_address text, queue_number integer, delete_on_release boolean, source_dest_check boolean, service_managed boolean,
    name text, description text, resource_group_id text, tags jsonb, attributes jsonb, created_at timestamptz
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT n.account_id, n.id, n.region_id, n.zone_id, n.vpc_id, n.vswitch_id, n.type,
           CASE WHEN a.settles_at <= at THEN a.next_status ELSE coalesce(a.status, n.status) END,
           coalesce(CASE WHEN (a.settles_at <= at AND a.next_status = 'Available') IS NOT TRUE THEN a.instance_id END, n.primary_of),
           CASE WHEN n.primary_of IS NOT NULL THEN 0
                WHEN (a.settles_at <= at AND a.next_status = 'Available') IS NOT TRUE THEN a.device_index END,
           CASE WHEN n.primary_of IS NOT NULL THEN n.network_card_index
                WHEN (a.settles_at <= at AND a.next_status = 'Available') IS NOT TRUE THEN a.network_card_index END,
           n.mac_address, n.queue_number, n.delete_on_release, n.source_dest_check, n.service_managed,
           n.name, n.description, n.resource_group_id, n.tags, n.attributes, n.created_at
    FROM network_interfaces n
    LEFT JOIN attachments a ON a.account_id = n.account_id AND a.network_interface_id = n.id
    WHERE (n.settles_at <= at AND n.next_status = 'Deleted') IS NOT TRUE
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Counts the VSwitches of whole accounts anew, for a caller that holds the locks of everything in them.
CREATE OR REPLACE FUNCTION recount_vswitches(accounts text[]) RETURNS void
LANGUAGE sql VOLATILE
AS $$
    DELETE FROM vswitch_counts c WHERE c.account_id = ANY (accounts);
    INSERT INTO vswitch_counts (account_id, vswitch_id, interfaces, secondary_interfaces, ipv4_addresses)
    SELECT account_id, vswitch_id, sum(interfaces), sum(secondary_interfaces), sum(ipv4_addresses)
    FROM (
        SELECT account_id, vswitch_id, count(*) AS interfaces, count(*) FILTER (WHERE type = 'Secondary') AS secondary_interfaces,
               0 AS ipv4_addresses
        FROM network_interfaces WHERE account_id = ANY (accounts) GROUP BY 1, 2
        UNION ALL
        SELECT account_id, vswitch_id, 0, 0, count(*)
        FROM private_ip_addresses WHERE account_id = ANY (accounts) AND family(address) = 4 GROUP BY 1, 2
        UNION ALL
        SELECT account_id, vswitch_id, 0, 0, 16 * count(*)
        FROM ip_prefixes WHERE account_id = ANY (accounts) AND family(prefix) = 4 GROUP BY 1, 2) AS counted
    GROUP BY 1, 2;
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION count_interfaces() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    sign integer := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
    INSERT INTO vswitch_counts (account_id, vswitch_id, interfaces, secondary_interfaces, ipv4_addresses)
    SELECT account_id, vswitch_id, sign * count(*), sign * count(*) FILTER (WHERE type = 'Secondary'), 0
    FROM changed GROUP BY 1, 2;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

SELECT recount_capacity((SELECT array_agg(id) FROM accounts));
