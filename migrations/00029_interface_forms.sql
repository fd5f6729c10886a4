-- +goose Up

-- The figures of a type on RDMA, queues and network cards. NULL: no source gives it, so it does not bind.
ALTER TABLE instance_types
    ADD COLUMN eri_quantity          integer, -- RDMA interfaces of an instance
    ADD COLUMN primary_eni_queues    integer, -- queues of an interface for which no number was set
    ADD COLUMN secondary_eni_queues  integer,
    ADD COLUMN max_queues_per_eni    integer,
    ADD COLUMN total_eni_queues      integer, -- queues of all interfaces of an instance
    ADD COLUMN queue_pairs           integer, -- queue pairs of an RDMA interface
    ADD COLUMN enis_per_network_card integer; -- interfaces of an instance that name the same card

-- Calls of an account without network cards may not name one.
ALTER TABLE accounts ADD COLUMN without_network_cards boolean NOT NULL DEFAULT false;

-- An attachment carries the traffic mode of its interface, and the number of queues that it takes of the total of the type. It has
-- no number if the type has no total, or had none when it was made: those of before this migration take no queues.
ALTER TABLE attachments
    DROP CONSTRAINT an_attached_eni_is_secondary_and_not_being_deleted;
ALTER TABLE network_interfaces
    ADD COLUMN traffic_mode text NOT NULL DEFAULT 'Standard',
    ADD CONSTRAINT an_eni_has_a_documented_traffic_mode CHECK (traffic_mode IN ('Standard', 'HighPerformance')),
    ADD CONSTRAINT a_primary_eni_is_standard CHECK (type <> 'Primary' OR traffic_mode = 'Standard'),
    DROP CONSTRAINT an_eni_carries_its_location_and_status,
    ADD CONSTRAINT an_eni_carries_its_location_and_status UNIQUE (account_id, id, vpc_id, zone_id, status, traffic_mode);
ALTER TABLE attachments
    ADD COLUMN traffic_mode text NOT NULL DEFAULT 'Standard',
    ADD COLUMN queues integer,
    ADD CONSTRAINT an_attached_eni_is_secondary_and_not_being_deleted
        FOREIGN KEY (account_id, network_interface_id, vpc_id, zone_id, interface_status, traffic_mode)
        REFERENCES network_interfaces (account_id, id, vpc_id, zone_id, status, traffic_mode),
    ADD CONSTRAINT an_attached_eni_takes_a_positive_number_of_queues CHECK (queues > 0);

-- +goose StatementBegin
-- Refuses more RDMA interfaces, queues and interfaces on a network card than the type of the instance has. The lock of the
-- instance makes transactions on one instance take turns, also one that has forgotten to take it.
CREATE FUNCTION check_interface_forms() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    type     instance_types;
    rdma     bigint;
    queues   bigint;
    on_card  bigint;
BEGIN
    PERFORM FROM instances WHERE account_id = NEW.account_id AND id = NEW.instance_id FOR NO KEY UPDATE;
    SELECT t.* INTO type
    FROM instances i
    JOIN instance_types t ON t.owner_id = i.instance_type_owner_id AND t.id = i.instance_type
    WHERE i.account_id = NEW.account_id AND i.id = NEW.instance_id;
    SELECT count(*) FILTER (WHERE a.traffic_mode = 'HighPerformance'), coalesce(sum(a.queues), 0),
           count(*) FILTER (WHERE a.network_card_index = NEW.network_card_index)
    INTO rdma, queues, on_card
    FROM attachments a
    WHERE a.account_id = NEW.account_id AND a.instance_id = NEW.instance_id;
    SELECT queues + coalesce(n.queue_number, type.primary_eni_queues, 0) INTO queues
    FROM network_interfaces n
    WHERE n.account_id = NEW.account_id AND n.primary_of = NEW.instance_id;

    IF NEW.traffic_mode = 'HighPerformance' AND rdma > type.eri_quantity THEN
        RAISE EXCEPTION 'instance % has % RDMA interfaces', NEW.instance_id, rdma
            USING ERRCODE = 'check_violation', CONSTRAINT = 'an_instance_has_the_rdma_interfaces_of_its_type';
    ELSIF NEW.queues IS NOT NULL AND queues > type.total_eni_queues THEN
        RAISE EXCEPTION 'the interfaces of instance % have % queues', NEW.instance_id, queues
            USING ERRCODE = 'check_violation', CONSTRAINT = 'an_instance_has_the_queues_of_its_type';
    ELSIF NEW.network_card_index IS NOT NULL THEN
        IF (NEW.network_card_index < type.network_cards) IS NOT TRUE THEN
            RAISE EXCEPTION 'instance % has no network card %', NEW.instance_id, NEW.network_card_index
                USING ERRCODE = 'check_violation', CONSTRAINT = 'a_network_card_is_one_of_the_type';
        ELSIF on_card + (NEW.network_card_index = 0)::integer > type.enis_per_network_card THEN -- the primary one is on card 0
            RAISE EXCEPTION 'network card % of instance % has % interfaces', NEW.network_card_index, NEW.instance_id, on_card
                USING ERRCODE = 'check_violation', CONSTRAINT = 'a_network_card_has_the_interfaces_of_its_type';
        END IF;
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- It is checked at the commit, when the rows of interfaces that have left are gone. Most attachments have none of these forms, and
-- then it costs nothing.
CREATE CONSTRAINT TRIGGER interface_forms_fit_the_type
    AFTER INSERT OR UPDATE OF queues, traffic_mode, network_card_index ON attachments
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW
    WHEN (NEW.queues IS NOT NULL OR NEW.traffic_mode = 'HighPerformance' OR NEW.network_card_index IS NOT NULL)
    EXECUTE FUNCTION check_interface_forms();

CREATE OR REPLACE VIEW slots AS
    SELECT account_id, primary_of AS instance_id, id AS network_interface_id, NULL::integer AS instance_eni_quantity,
           0 AS device_index, network_card_index, status, next_status, settles_at,
           NULL::text AS trunk_id, NULL::integer AS member_quantity, traffic_mode, queue_number AS queues
    FROM network_interfaces
    WHERE primary_of IS NOT NULL
    UNION ALL
    SELECT account_id, instance_id, network_interface_id, instance_eni_quantity,
           device_index, network_card_index, status, next_status, settles_at, trunk_id, member_quantity, traffic_mode, queues
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
           a.trunk_id, a.member_quantity, n.traffic_mode, a.queues
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
    name text, description text, resource_group_id text, tags jsonb, attributes jsonb, created_at timestamptz, trunk_id text,
    traffic_mode text
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
           CASE WHEN (a.settles_at <= at AND a.next_status = 'Available') IS NOT TRUE THEN a.trunk_id END,
           n.traffic_mode
    FROM network_interfaces n
    LEFT JOIN attachments a ON a.account_id = n.account_id AND a.network_interface_id = n.id
    WHERE (n.settles_at <= at AND n.next_status = 'Deleted') IS NOT TRUE
$$;
-- +goose StatementEnd

-- +goose Down

-- RDMA interfaces become standard ones, where they are.
DROP TRIGGER interface_forms_fit_the_type ON attachments;
DROP FUNCTION check_interface_forms();
DROP FUNCTION settled_network_interfaces(timestamptz);
DROP VIEW whole_network_interfaces, slots;
ALTER TABLE attachments
    DROP CONSTRAINT an_attached_eni_is_secondary_and_not_being_deleted,
    DROP COLUMN traffic_mode,
    DROP COLUMN queues;
ALTER TABLE network_interfaces
    DROP COLUMN traffic_mode, -- with its constraints
    ADD CONSTRAINT an_eni_carries_its_location_and_status UNIQUE (account_id, id, vpc_id, zone_id, status);
ALTER TABLE attachments
    ADD CONSTRAINT an_attached_eni_is_secondary_and_not_being_deleted
        FOREIGN KEY (account_id, network_interface_id, vpc_id, zone_id, interface_status)
        REFERENCES network_interfaces (account_id, id, vpc_id, zone_id, status);
ALTER TABLE accounts DROP COLUMN without_network_cards;
ALTER TABLE instance_types
    DROP COLUMN eri_quantity,
    DROP COLUMN primary_eni_queues,
    DROP COLUMN secondary_eni_queues,
    DROP COLUMN max_queues_per_eni,
    DROP COLUMN total_eni_queues,
    DROP COLUMN queue_pairs,
    DROP COLUMN enis_per_network_card;

CREATE VIEW slots AS
    SELECT account_id, primary_of AS instance_id, id AS network_interface_id, NULL::integer AS instance_eni_quantity,
           0 AS device_index, network_card_index, status, next_status, settles_at,
           NULL::text AS trunk_id, NULL::integer AS member_quantity
    FROM network_interfaces
    WHERE primary_of IS NOT NULL
    UNION ALL
    SELECT account_id, instance_id, network_interface_id, instance_eni_quantity,
           device_index, network_card_index, status, next_status, settles_at, trunk_id, member_quantity
    FROM attachments;

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
           n.name, n.description, n.resource_group_id, n.tags, n.attributes, n.created_at,
           a.trunk_id, a.member_quantity
    FROM network_interfaces n
    LEFT JOIN attachments a ON a.account_id = n.account_id AND a.network_interface_id = n.id;

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
