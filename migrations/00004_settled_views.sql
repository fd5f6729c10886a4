-- +goose Up

-- The rows as they stand at a time: each transient row whose due time has passed has settled. store's Settled methods in Go give
-- the same answer, and a property test holds the two together. These are plain SQL functions, so that the planner inlines them
-- and the conditions of a query reach the tables. stored_instance_id is the indexed column: every row whose instance_id
-- matches has it, so a condition on both finds the rows by the index.

-- +goose StatementBegin
CREATE FUNCTION settled_network_interfaces(at timestamptz)
RETURNS TABLE (
    account_id text, id text, region_id text, zone_id text, vpc_id text, vswitch_id text, type text,
    status text, instance_id text, device_index integer, network_card_index integer,
    mac_address text, queue_number integer, delete_on_release boolean, source_dest_check boolean, service_managed boolean,
    name text, description text, resource_group_id text, tags jsonb, attributes jsonb, created_at timestamptz, stored_instance_id text
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT n.account_id, n.id, n.region_id, n.zone_id, n.vpc_id, n.vswitch_id, n.type,
           CASE WHEN n.settles_at <= at THEN n.next_status ELSE n.status END,
           CASE WHEN n.settles_at <= at AND n.next_status = 'Available' THEN NULL ELSE n.instance_id END,
           CASE WHEN n.settles_at <= at AND n.next_status = 'Available' THEN NULL ELSE n.device_index END,
           CASE WHEN n.settles_at <= at AND n.next_status = 'Available' THEN NULL ELSE n.network_card_index END,
           n.mac_address, n.queue_number, n.delete_on_release, n.source_dest_check, n.service_managed,
           n.name, n.description, n.resource_group_id, n.tags, n.attributes, n.created_at, n.instance_id
    FROM network_interfaces n
    WHERE (n.settles_at <= at AND n.next_status = 'Deleted') IS NOT TRUE
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION settled_instances(at timestamptz)
RETURNS TABLE (
    account_id text, id text, region_id text, zone_id text, network_type text, vpc_id text, vswitch_id text,
    instance_type_owner_id text, instance_type text, status text,
    name text, description text, host_name text, resource_group_id text, tags jsonb, attributes jsonb,
    created_at timestamptz, started_at timestamptz
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT i.account_id, i.id, i.region_id, i.zone_id, i.network_type, i.vpc_id, i.vswitch_id,
           i.instance_type_owner_id, i.instance_type,
           CASE WHEN i.running_at <= at THEN 'Running' WHEN i.settles_at <= at THEN i.next_status ELSE i.status END,
           i.name, i.description, i.host_name, i.resource_group_id, i.tags, i.attributes, i.created_at, i.started_at
    FROM instances i
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- The number of private IPv4 addresses of a VSwitch that are in use at a time; a prefix is 16 addresses.
CREATE FUNCTION ipv4_addresses_in_use(account text, vswitch text, at timestamptz) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT (SELECT count(*) FROM private_ip_addresses a
            WHERE a.account_id = account AND a.vswitch_id = vswitch AND family(a.address) = 4)
         + (SELECT 16 * count(*) FROM ip_prefixes p
            WHERE p.account_id = account AND p.vswitch_id = vswitch AND family(p.prefix) = 4)
         - (SELECT coalesce(sum(
                (SELECT count(*) FROM private_ip_addresses a
                 WHERE a.account_id = n.account_id AND a.network_interface_id = n.id AND family(a.address) = 4)
              + (SELECT 16 * count(*) FROM ip_prefixes p
                 WHERE p.account_id = n.account_id AND p.network_interface_id = n.id AND family(p.prefix) = 4)), 0)::bigint
            FROM network_interfaces n
            WHERE n.account_id = account AND n.vswitch_id = vswitch AND n.next_status = 'Deleted' AND n.settles_at <= at)
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION ipv4_addresses_in_use(text, text, timestamptz);
DROP FUNCTION settled_instances(timestamptz);
DROP FUNCTION settled_network_interfaces(timestamptz);
