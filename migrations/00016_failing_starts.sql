-- +goose Up

-- The start of an instance may fail: it is Starting, and then Stopped. An attach that fails, and a status that never ends, have been
-- in the schema before.
ALTER TABLE instances
    ADD COLUMN start_fails boolean NOT NULL DEFAULT false, -- at running_at it is Stopped, and not Running
    DROP CONSTRAINT an_instance_settles_from_a_transient_status;
ALTER TABLE instances
    ADD CONSTRAINT an_instance_settles_from_a_transient_status CHECK (
        (next_status IS NULL AND settles_at IS NULL)
        OR (settles_at IS NOT NULL AND (status, next_status) IN
            (('Pending', 'Running'), ('Pending', 'Stopped'), ('Pending', 'Starting'),
             ('Starting', 'Running'), ('Starting', 'Stopped'), ('Stopping', 'Stopped')))),
    ADD CONSTRAINT a_start_that_fails_has_a_time CHECK (NOT start_fails OR running_at IS NOT NULL);

-- +goose StatementBegin
-- The instances as they stand at a time. See 00004.
CREATE OR REPLACE FUNCTION settled_instances(at timestamptz)
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
           CASE WHEN i.running_at <= at THEN CASE WHEN i.start_fails THEN 'Stopped' ELSE 'Running' END
                WHEN i.settles_at <= at THEN i.next_status
                ELSE i.status END,
           i.name, i.description, i.host_name, i.resource_group_id, i.tags, i.attributes, i.created_at, i.started_at
    FROM instances i
$$;
-- +goose StatementEnd

-- +goose Down

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION settled_instances(at timestamptz)
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

-- A start that was to fail succeeds.
UPDATE instances SET next_status = 'Running' WHERE status = 'Starting' AND next_status = 'Stopped';
ALTER TABLE instances
    DROP COLUMN start_fails, -- with its constraint
    DROP CONSTRAINT an_instance_settles_from_a_transient_status;
ALTER TABLE instances
    ADD CONSTRAINT an_instance_settles_from_a_transient_status CHECK (
        (next_status IS NULL AND settles_at IS NULL)
        OR (settles_at IS NOT NULL AND (status, next_status) IN
            (('Pending', 'Running'), ('Pending', 'Stopped'), ('Pending', 'Starting'), ('Starting', 'Running'),
             ('Stopping', 'Stopped'))));
