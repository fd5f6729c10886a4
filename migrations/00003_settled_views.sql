-- +goose Up

-- What a reader sees at a moment: each transient row as it stands once its due time has passed. The same answer as
-- store's Settled methods in Go (a property test holds the two together). Plain SQL functions, so that the planner inlines them
-- and the caller's conditions reach the tables. stored_instance_id is the indexed column: it includes every row
-- whose instance_id matches, so a condition on both finds the rows by the index.

-- +goose StatementBegin
CREATE FUNCTION settled_network_interfaces(at timestamptz)
RETURNS TABLE (
    account_id text, id text, region_id text, zone_id text, vpc_id text, vswitch_id text, type text,
    status text, instance_id text, device_index integer, network_card_index integer,
    mac_address text, queue_number integer, delete_on_release boolean, source_dest_check boolean, service_managed boolean,
    name text, description text, resource_group_id text, tags jsonb, created_at timestamptz, stored_instance_id text
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT n.account_id, n.id, n.region_id, n.zone_id, n.vpc_id, n.vswitch_id, n.type,
           CASE WHEN n.settles_at <= at THEN n.next_status ELSE n.status END,
           CASE WHEN n.settles_at <= at AND n.next_status = 'Available' THEN NULL ELSE n.instance_id END,
           CASE WHEN n.settles_at <= at AND n.next_status = 'Available' THEN NULL ELSE n.device_index END,
           CASE WHEN n.settles_at <= at AND n.next_status = 'Available' THEN NULL ELSE n.network_card_index END,
           n.mac_address, n.queue_number, n.delete_on_release, n.source_dest_check, n.service_managed,
           n.name, n.description, n.resource_group_id, n.tags, n.created_at, n.instance_id
    FROM network_interfaces n
    WHERE (n.settles_at <= at AND n.next_status = 'Deleted') IS NOT TRUE
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION settled_instances(at timestamptz)
RETURNS TABLE (
    account_id text, id text, region_id text, zone_id text, network_type text, vpc_id text, vswitch_id text,
    instance_type_owner_id text, instance_type text, status text,
    name text, description text, host_name text, resource_group_id text, tags jsonb, created_at timestamptz
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT i.account_id, i.id, i.region_id, i.zone_id, i.network_type, i.vpc_id, i.vswitch_id,
           i.instance_type_owner_id, i.instance_type,
           CASE WHEN i.settles_at <= at THEN i.next_status ELSE i.status END,
           i.name, i.description, i.host_name, i.resource_group_id, i.tags, i.created_at
    FROM instances i
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- The security groups that an instance would join with an interface: those of the interface, less the ones in which the instance has another
-- interface to stay. While the instance is locked they cannot change.
CREATE FUNCTION groups_to_join(account text, eni text, instance text)
RETURNS TABLE (security_group_id text)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT mine.security_group_id
    FROM network_interface_security_groups mine
    WHERE mine.account_id = account AND mine.network_interface_id = eni
      AND NOT EXISTS (
          SELECT FROM network_interfaces n
          JOIN network_interface_security_groups m ON m.account_id = n.account_id AND m.network_interface_id = n.id
          WHERE n.account_id = account AND n.instance_id = instance AND n.next_status IS DISTINCT FROM 'Available'
            AND m.security_group_id = mine.security_group_id)
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION groups_to_join(text, text, text);
DROP FUNCTION settled_instances(timestamptz);
DROP FUNCTION settled_network_interfaces(timestamptz);
