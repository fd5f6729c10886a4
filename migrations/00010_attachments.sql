-- +goose Up

-- An attach changed the wide row of its interface, and with it an entry in each of its eight indexes. Now it inserts a narrow row
-- here, and the end of a detach deletes the row. The interface itself does not change.
--
-- Only secondary interfaces are attached. A primary interface is a part of its instance for life, so its own row says of which.
CREATE TABLE attachments (
    account_id            text        NOT NULL,
    network_interface_id  text        NOT NULL,
    instance_id           text        NOT NULL,
    vpc_id                text        NOT NULL,
    zone_id               text        NOT NULL,
    instance_eni_quantity integer     NOT NULL,           -- the limit of that instance's type, carried by the foreign key
    device_index          integer     NOT NULL,
    network_card_index    integer,                        -- only if the attach named one
    status                text        NOT NULL,
    next_status           text,                           -- 'Available' means detached
    settles_at            timestamptz,
    interface_status      text        GENERATED ALWAYS AS ('Available') STORED
);

ALTER TABLE network_interfaces ADD COLUMN primary_of text; -- the instance of a primary interface
UPDATE network_interfaces SET primary_of = instance_id WHERE type = 'Primary';

INSERT INTO attachments (account_id, network_interface_id, instance_id, vpc_id, zone_id, instance_eni_quantity,
                         device_index, network_card_index, status, next_status, settles_at)
SELECT account_id, id, instance_id, vpc_id, zone_id, instance_eni_quantity,
       device_index, network_card_index, status, next_status, settles_at
FROM network_interfaces
WHERE type = 'Secondary' AND instance_id IS NOT NULL;

-- The functions that read the old columns, and the constraints on them, go.
DROP FUNCTION acquire_capacity(text, text[], text[], timestamptz);
DROP FUNCTION release_capacity(text, text[], text, timestamptz);
DROP FUNCTION recount_capacity(text[]);
DROP FUNCTION group_instances(text[]);
DROP FUNCTION settled_network_interfaces(timestamptz);
DROP INDEX network_interfaces_being_detached;
ALTER TABLE network_interfaces
    DROP CONSTRAINT an_attached_eni_shares_vpc_and_zone_with_its_instance,
    DROP CONSTRAINT a_device_index_is_taken_once,
    DROP CONSTRAINT a_device_index_is_below_the_limit_of_the_type,
    DROP CONSTRAINT an_attached_eni_has_an_index_and_a_limit,
    DROP CONSTRAINT an_eni_is_attached_as_its_status_says,
    DROP CONSTRAINT an_eni_has_a_documented_status,
    DROP CONSTRAINT an_eni_settles_from_a_transient_status,
    DROP CONSTRAINT the_primary_eni_and_only_it_has_index_0;

-- What an interface keeps is its own status: that of a secondary one is Available while it is attached.
UPDATE network_interfaces
SET status = 'Available', next_status = NULL, settles_at = NULL, network_card_index = NULL
WHERE type = 'Secondary' AND instance_id IS NOT NULL;
ALTER TABLE network_interfaces
    DROP COLUMN instance_id,
    DROP COLUMN instance_eni_quantity,
    DROP COLUMN device_index;

ALTER TABLE instances
    ADD CONSTRAINT an_instance_lies_in_one_vpc_and_zone UNIQUE (account_id, id, vpc_id, zone_id);
ALTER TABLE network_interfaces
    ADD CONSTRAINT an_eni_carries_its_location_and_status UNIQUE (account_id, id, vpc_id, zone_id, status),
    ADD CONSTRAINT a_primary_eni_shares_vpc_and_zone_with_its_instance
        FOREIGN KEY (account_id, primary_of, vpc_id, zone_id) REFERENCES instances (account_id, id, vpc_id, zone_id),
    ADD CONSTRAINT a_primary_eni_and_only_it_is_part_of_an_instance CHECK ((type = 'Primary') = (primary_of IS NOT NULL)),
    ADD CONSTRAINT only_a_primary_eni_has_a_network_card_of_its_own CHECK (type = 'Primary' OR network_card_index IS NULL),
    ADD CONSTRAINT an_eni_has_a_documented_status CHECK (
        CASE type WHEN 'Primary' THEN status = 'InUse' ELSE status IN ('Available', 'Deleting') END),
    ADD CONSTRAINT an_eni_settles_from_a_transient_status CHECK (
        (next_status IS NULL AND settles_at IS NULL)
        OR (settles_at IS NOT NULL AND (status, next_status) = ('Deleting', 'Deleted')));
CREATE UNIQUE INDEX an_instance_has_one_primary_eni ON network_interfaces (account_id, primary_of) WHERE primary_of IS NOT NULL;

ALTER TABLE attachments
    -- An interface is on at most one instance.
    ADD CONSTRAINT an_eni_is_attached_once PRIMARY KEY (account_id, network_interface_id),
    ADD CONSTRAINT a_device_index_is_taken_once UNIQUE (account_id, instance_id, device_index),
    -- Index 0 is that of the primary interface, which has no row here.
    ADD CONSTRAINT a_device_index_is_below_the_limit_of_the_type
        CHECK (device_index > 0 AND device_index < instance_eni_quantity),
    ADD CONSTRAINT an_attached_eni_shares_vpc_and_zone_with_its_instance
        FOREIGN KEY (account_id, instance_id, vpc_id, zone_id, instance_eni_quantity)
        REFERENCES instances (account_id, id, vpc_id, zone_id, eni_quantity) ON UPDATE CASCADE,
    -- The status in this key is Available, so an interface that is primary or being deleted cannot be attached, and one that is
    -- attached cannot become so.
    ADD CONSTRAINT an_attached_eni_is_secondary_and_not_being_deleted
        FOREIGN KEY (account_id, network_interface_id, vpc_id, zone_id, interface_status)
        REFERENCES network_interfaces (account_id, id, vpc_id, zone_id, status),
    ADD CONSTRAINT an_attachment_has_a_documented_status CHECK (status IN ('Attaching', 'InUse', 'Detaching')),
    ADD CONSTRAINT an_attachment_settles_from_a_transient_status CHECK (
        (next_status IS NULL AND settles_at IS NULL)
        OR (settles_at IS NOT NULL AND (status, next_status) IN
            (('Attaching', 'InUse'), ('Attaching', 'Available'), ('Detaching', 'Available'))));

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
-- The instances of some groups, by the interfaces that they hold: an instance stays, or departs at due_at.
CREATE FUNCTION group_instances(accounts text[])
RETURNS TABLE (account_id text, security_group_id text, instance_id text, stays boolean, due_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT m.account_id, m.security_group_id, s.instance_id,
           bool_or(s.next_status IS DISTINCT FROM 'Available'), max(s.settles_at) FILTER (WHERE s.next_status = 'Available')
    FROM slots s
    JOIN network_interface_security_groups m
      ON m.account_id = s.account_id AND m.network_interface_id = s.network_interface_id
    WHERE s.account_id = ANY (accounts)
    GROUP BY m.account_id, m.security_group_id, s.instance_id
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Recounts the capacity of whole accounts, for a caller that holds the locks of everything in them.
CREATE FUNCTION recount_capacity(accounts text[]) RETURNS void
LANGUAGE sql VOLATILE
AS $$
    DELETE FROM security_group_departures d WHERE d.account_id = ANY (accounts);
    INSERT INTO security_group_departures (account_id, security_group_id, instance_id, due_at)
    SELECT i.account_id, i.security_group_id, i.instance_id, i.due_at FROM group_instances(accounts) i WHERE NOT i.stays;
    WITH used AS (
        SELECT i.account_id, i.security_group_id, count(*) AS instances FROM group_instances(accounts) i GROUP BY 1, 2
    ), stored AS (
        SELECT c.account_id, c.security_group_id, sum(c.free) AS free
        FROM security_group_capacity c
        WHERE c.account_id = ANY (accounts)
        GROUP BY 1, 2
    ), counted AS (
        SELECT g.account_id, g.id, greatest(g.instance_limit - coalesce(u.instances, 0), 0) AS free
        FROM security_groups g
        JOIN stored s ON s.account_id = g.account_id AND s.security_group_id = g.id
        LEFT JOIN used u ON u.account_id = g.account_id AND u.security_group_id = g.id
        WHERE g.account_id = ANY (accounts) AND s.free <> greatest(g.instance_limit - coalesce(u.instances, 0), 0)
    )
    UPDATE security_group_capacity c
    SET free = share_of_capacity(n.free, c.share)
    FROM counted n
    WHERE c.account_id = n.account_id AND c.security_group_id = n.id;
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Releases the capacity of an instance in some groups, and that of other instances whose departure is due. The caller holds the
-- locks of all shares of these groups. A departure that another transaction has locked is left, because that one may be waiting
-- for a share.
CREATE FUNCTION release_capacity(account text, groups text[], instance text, at timestamptz) RETURNS void
LANGUAGE sql VOLATILE
AS $$
    WITH departed AS (
        DELETE FROM security_group_departures d
        USING (
            SELECT o.security_group_id, o.instance_id
            FROM security_group_departures o
            WHERE o.account_id = account AND o.security_group_id = ANY (groups) AND (o.instance_id = instance OR o.due_at <= at)
            FOR UPDATE SKIP LOCKED
        ) due
        WHERE d.account_id = account AND d.security_group_id = due.security_group_id AND d.instance_id = due.instance_id
        RETURNING d.security_group_id
    ), released AS (
        SELECT security_group_id FROM departed
        UNION ALL
        SELECT DISTINCT m.security_group_id
        FROM slots s
        JOIN network_interface_security_groups m
          ON m.account_id = s.account_id AND m.network_interface_id = s.network_interface_id
        WHERE s.account_id = account AND s.instance_id = instance AND s.next_status IS DISTINCT FROM 'Available'
          AND m.security_group_id = ANY (groups)
    )
    UPDATE security_group_capacity c
    SET free = c.free + r.instances
    FROM (SELECT security_group_id, count(*) AS instances FROM released GROUP BY 1) r
    WHERE c.account_id = account AND c.security_group_id = r.security_group_id AND c.share = 0
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Acquires the capacity that instances need in some groups by the interfaces that they hold, under the same locks. The constraint of
-- a group whose capacity does not suffice refuses the statement.
CREATE FUNCTION acquire_capacity(account text, groups text[], instances text[], at timestamptz) RETURNS void
LANGUAGE sql VOLATILE
AS $$
    WITH held AS (
        SELECT m.security_group_id, s.instance_id,
               bool_or(s.next_status IS DISTINCT FROM 'Available') AS stays,
               max(s.settles_at) FILTER (WHERE s.next_status = 'Available') AS due_at
        FROM slots s
        JOIN network_interface_security_groups m
          ON m.account_id = s.account_id AND m.network_interface_id = s.network_interface_id
        WHERE s.account_id = account AND s.instance_id = ANY (instances) AND m.security_group_id = ANY (groups)
        GROUP BY m.security_group_id, s.instance_id
    ), departing AS (
        INSERT INTO security_group_departures (account_id, security_group_id, instance_id, due_at)
        SELECT account, h.security_group_id, h.instance_id, h.due_at FROM held h WHERE NOT h.stays AND h.due_at > at
    ), acquired AS (
        SELECT h.security_group_id, count(*) AS instances FROM held h WHERE h.stays OR h.due_at > at GROUP BY 1
    ), rest AS (
        SELECT c.security_group_id, sum(c.free) - a.instances AS free
        FROM security_group_capacity c
        JOIN acquired a ON a.security_group_id = c.security_group_id
        WHERE c.account_id = account
        GROUP BY c.security_group_id, a.instances
    )
    UPDATE security_group_capacity c
    SET free = share_of_capacity(r.free::bigint, c.share)
    FROM rest r
    WHERE c.account_id = account AND c.security_group_id = r.security_group_id
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION acquire_capacity(text, text[], text[], timestamptz);
DROP FUNCTION release_capacity(text, text[], text, timestamptz);
DROP FUNCTION recount_capacity(text[]);
DROP FUNCTION group_instances(text[]);
DROP FUNCTION settled_network_interfaces(timestamptz);
DROP VIEW whole_network_interfaces, slots;
ALTER TABLE network_interfaces
    ADD COLUMN instance_id text,
    ADD COLUMN instance_eni_quantity integer,
    ADD COLUMN device_index integer,
    DROP CONSTRAINT only_a_primary_eni_has_a_network_card_of_its_own,
    DROP CONSTRAINT an_eni_has_a_documented_status,
    DROP CONSTRAINT an_eni_settles_from_a_transient_status;
UPDATE network_interfaces n
SET instance_id = i.id, instance_eni_quantity = i.eni_quantity, device_index = 0
FROM instances i
WHERE i.account_id = n.account_id AND i.id = n.primary_of;
CREATE TEMP TABLE moved_attachments ON COMMIT DROP AS SELECT * FROM attachments;
DROP TABLE attachments;
UPDATE network_interfaces n
SET instance_id = a.instance_id, instance_eni_quantity = a.instance_eni_quantity, device_index = a.device_index,
    network_card_index = a.network_card_index,
    status = a.status, next_status = a.next_status, settles_at = a.settles_at
FROM moved_attachments a
WHERE a.account_id = n.account_id AND a.network_interface_id = n.id;
ALTER TABLE network_interfaces
    DROP COLUMN primary_of, -- with its constraints and index
    DROP CONSTRAINT an_eni_carries_its_location_and_status;
ALTER TABLE instances DROP CONSTRAINT an_instance_lies_in_one_vpc_and_zone;
ALTER TABLE network_interfaces
    ADD CONSTRAINT an_attached_eni_shares_vpc_and_zone_with_its_instance
        FOREIGN KEY (account_id, instance_id, vpc_id, zone_id, instance_eni_quantity)
        REFERENCES instances (account_id, id, vpc_id, zone_id, eni_quantity) ON UPDATE CASCADE,
    ADD CONSTRAINT a_device_index_is_taken_once UNIQUE (account_id, instance_id, device_index) DEFERRABLE INITIALLY IMMEDIATE,
    ADD CONSTRAINT a_device_index_is_below_the_limit_of_the_type CHECK (device_index >= 0 AND device_index < instance_eni_quantity),
    ADD CONSTRAINT an_attached_eni_has_an_index_and_a_limit CHECK (
        (instance_id IS NULL) = (device_index IS NULL) AND (instance_id IS NULL) = (instance_eni_quantity IS NULL)),
    ADD CONSTRAINT an_eni_is_attached_as_its_status_says CHECK (
        (status IN ('Attaching', 'InUse', 'Detaching')) = (instance_id IS NOT NULL)),
    ADD CONSTRAINT an_eni_has_a_documented_status CHECK (status IN ('Available', 'Attaching', 'InUse', 'Detaching', 'Deleting')),
    ADD CONSTRAINT an_eni_settles_from_a_transient_status CHECK (
        (next_status IS NULL AND settles_at IS NULL)
        OR (settles_at IS NOT NULL AND (status, next_status) IN
            (('Attaching', 'InUse'), ('Attaching', 'Available'), ('Detaching', 'Available'), ('Deleting', 'Deleted')))),
    ADD CONSTRAINT the_primary_eni_and_only_it_has_index_0 CHECK ((type = 'Primary') = (device_index IS NOT DISTINCT FROM 0));
CREATE INDEX network_interfaces_being_detached ON network_interfaces (account_id, instance_id) WHERE next_status = 'Available';

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
-- The instances of some groups, by the interfaces that they hold: an instance stays, or departs at due_at.
CREATE FUNCTION group_instances(accounts text[])
RETURNS TABLE (account_id text, security_group_id text, instance_id text, stays boolean, due_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT m.account_id, m.security_group_id, n.instance_id,
           bool_or(n.next_status IS DISTINCT FROM 'Available'), max(n.settles_at) FILTER (WHERE n.next_status = 'Available')
    FROM network_interfaces n
    JOIN network_interface_security_groups m ON m.account_id = n.account_id AND m.network_interface_id = n.id
    WHERE n.account_id = ANY (accounts) AND n.instance_id IS NOT NULL
    GROUP BY m.account_id, m.security_group_id, n.instance_id
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Recounts the capacity of whole accounts, for a caller that holds the locks of everything in them.
CREATE FUNCTION recount_capacity(accounts text[]) RETURNS void
LANGUAGE sql VOLATILE
AS $$
    DELETE FROM security_group_departures d WHERE d.account_id = ANY (accounts);
    INSERT INTO security_group_departures (account_id, security_group_id, instance_id, due_at)
    SELECT i.account_id, i.security_group_id, i.instance_id, i.due_at FROM group_instances(accounts) i WHERE NOT i.stays;
    WITH used AS (
        SELECT i.account_id, i.security_group_id, count(*) AS instances FROM group_instances(accounts) i GROUP BY 1, 2
    ), stored AS (
        SELECT c.account_id, c.security_group_id, sum(c.free) AS free
        FROM security_group_capacity c
        WHERE c.account_id = ANY (accounts)
        GROUP BY 1, 2
    ), counted AS (
        SELECT g.account_id, g.id, greatest(g.instance_limit - coalesce(u.instances, 0), 0) AS free
        FROM security_groups g
        JOIN stored s ON s.account_id = g.account_id AND s.security_group_id = g.id
        LEFT JOIN used u ON u.account_id = g.account_id AND u.security_group_id = g.id
        WHERE g.account_id = ANY (accounts) AND s.free <> greatest(g.instance_limit - coalesce(u.instances, 0), 0)
    )
    UPDATE security_group_capacity c
    SET free = share_of_capacity(n.free, c.share)
    FROM counted n
    WHERE c.account_id = n.account_id AND c.security_group_id = n.id;
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Releases the capacity of an instance in some groups, and that of other instances whose departure is due. The caller holds the
-- locks of all shares of these groups. A departure that another transaction has locked is left, because that one may be waiting
-- for a share.
CREATE FUNCTION release_capacity(account text, groups text[], instance text, at timestamptz) RETURNS void
LANGUAGE sql VOLATILE
AS $$
    WITH departed AS (
        DELETE FROM security_group_departures d
        USING (
            SELECT o.security_group_id, o.instance_id
            FROM security_group_departures o
            WHERE o.account_id = account AND o.security_group_id = ANY (groups) AND (o.instance_id = instance OR o.due_at <= at)
            FOR UPDATE SKIP LOCKED
        ) due
        WHERE d.account_id = account AND d.security_group_id = due.security_group_id AND d.instance_id = due.instance_id
        RETURNING d.security_group_id
    ), released AS (
        SELECT security_group_id FROM departed
        UNION ALL
        SELECT DISTINCT m.security_group_id
        FROM network_interfaces n
        JOIN network_interface_security_groups m ON m.account_id = n.account_id AND m.network_interface_id = n.id
        WHERE n.account_id = account AND n.instance_id = instance AND n.next_status IS DISTINCT FROM 'Available'
          AND m.security_group_id = ANY (groups)
    )
    UPDATE security_group_capacity c
    SET free = c.free + r.instances
    FROM (SELECT security_group_id, count(*) AS instances FROM released GROUP BY 1) r
    WHERE c.account_id = account AND c.security_group_id = r.security_group_id AND c.share = 0
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Acquires the capacity that instances need in some groups by the interfaces that they hold, under the same locks. The constraint of
-- a group whose capacity does not suffice refuses the statement.
CREATE FUNCTION acquire_capacity(account text, groups text[], instances text[], at timestamptz) RETURNS void
LANGUAGE sql VOLATILE
AS $$
    WITH held AS (
        SELECT m.security_group_id, n.instance_id,
               bool_or(n.next_status IS DISTINCT FROM 'Available') AS stays,
               max(n.settles_at) FILTER (WHERE n.next_status = 'Available') AS due_at
        FROM network_interfaces n
        JOIN network_interface_security_groups m ON m.account_id = n.account_id AND m.network_interface_id = n.id
        WHERE n.account_id = account AND n.instance_id = ANY (instances) AND m.security_group_id = ANY (groups)
        GROUP BY m.security_group_id, n.instance_id
    ), departing AS (
        INSERT INTO security_group_departures (account_id, security_group_id, instance_id, due_at)
        SELECT account, h.security_group_id, h.instance_id, h.due_at FROM held h WHERE NOT h.stays AND h.due_at > at
    ), acquired AS (
        SELECT h.security_group_id, count(*) AS instances FROM held h WHERE h.stays OR h.due_at > at GROUP BY 1
    ), rest AS (
        SELECT c.security_group_id, sum(c.free) - a.instances AS free
        FROM security_group_capacity c
        JOIN acquired a ON a.security_group_id = c.security_group_id
        WHERE c.account_id = account
        GROUP BY c.security_group_id, a.instances
    )
    UPDATE security_group_capacity c
    SET free = share_of_capacity(r.free::bigint, c.share)
    FROM rest r
    WHERE c.account_id = account AND c.security_group_id = r.security_group_id
$$;
-- +goose StatementEnd
