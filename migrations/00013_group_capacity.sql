-- +goose Up

-- The capacity of a group was kept in eight shares, so that transactions which change it would seldom meet. Measured, they gained
-- nothing (docs/design/group-capacity.md). Now it is one row. As before, for each group:
--   free capacity + instances with an interface that stays in it + instances that depart from it = its instance_limit.
ALTER TABLE security_group_capacity RENAME TO security_group_capacity_shares;
CREATE TABLE security_group_capacity (
    account_id        text    NOT NULL,
    security_group_id text    NOT NULL,
    free              integer NOT NULL,
    CONSTRAINT a_group_has_its_capacity_once PRIMARY KEY (account_id, security_group_id),
    CONSTRAINT capacity_belongs_to_a_known_group FOREIGN KEY (account_id, security_group_id)
        REFERENCES security_groups (account_id, id) ON DELETE CASCADE,
    CONSTRAINT a_group_takes_no_more_instances_than_its_limit CHECK (free >= 0)
) WITH (fillfactor = 50);
INSERT INTO security_group_capacity (account_id, security_group_id, free)
SELECT account_id, security_group_id, sum(free) FROM security_group_capacity_shares GROUP BY account_id, security_group_id;
DROP TABLE security_group_capacity_shares;

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION create_capacity() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO security_group_capacity (account_id, security_group_id, free)
    VALUES (NEW.account_id, NEW.id, NEW.instance_limit);
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Recounts the capacity of whole accounts, for a caller that holds the locks of everything in them.
CREATE OR REPLACE FUNCTION recount_capacity(accounts text[]) RETURNS void
LANGUAGE sql VOLATILE
AS $$
    DELETE FROM security_group_departures d WHERE d.account_id = ANY (accounts);
    INSERT INTO security_group_departures (account_id, security_group_id, instance_id, due_at)
    SELECT i.account_id, i.security_group_id, i.instance_id, i.due_at FROM group_instances(accounts) i WHERE NOT i.stays;
    WITH used AS (
        SELECT i.account_id, i.security_group_id, count(*) AS instances FROM group_instances(accounts) i GROUP BY 1, 2
    ), counted AS (
        SELECT g.account_id, g.id, greatest(g.instance_limit - coalesce(u.instances, 0), 0) AS free
        FROM security_groups g
        LEFT JOIN used u ON u.account_id = g.account_id AND u.security_group_id = g.id
        WHERE g.account_id = ANY (accounts)
    )
    UPDATE security_group_capacity c
    SET free = n.free
    FROM counted n
    WHERE c.account_id = n.account_id AND c.security_group_id = n.id AND c.free <> n.free;
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Releases the capacity of an instance in some groups, and that of other instances whose departure is due. The caller holds the
-- locks of these groups' capacity. A departure that another transaction has locked is left, because that one may be waiting for
-- the capacity.
CREATE OR REPLACE FUNCTION release_capacity(account text, groups text[], instance text, at timestamptz) RETURNS void
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
    WHERE c.account_id = account AND c.security_group_id = r.security_group_id
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Acquires the capacity that instances need in some groups by the interfaces that they hold, under the same locks. The constraint of
-- a group whose capacity does not suffice refuses the statement.
CREATE OR REPLACE FUNCTION acquire_capacity(account text, groups text[], instances text[], at timestamptz) RETURNS void
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
    )
    UPDATE security_group_capacity c
    SET free = c.free - a.instances
    FROM acquired a
    WHERE c.account_id = account AND c.security_group_id = a.security_group_id
$$;
-- +goose StatementEnd

DROP FUNCTION share_of_capacity(bigint, smallint);

-- +goose Down
-- +goose StatementBegin
-- One share of a free capacity that is spread evenly.
CREATE FUNCTION share_of_capacity(free bigint, share smallint) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT (free / 8 + CASE WHEN share < free % 8 THEN 1 ELSE 0 END)::integer $$;
-- +goose StatementEnd

ALTER TABLE security_group_capacity RENAME TO security_group_capacity_rows;
CREATE TABLE security_group_capacity (
    account_id        text     NOT NULL,
    security_group_id text     NOT NULL,
    share             smallint NOT NULL,
    free              integer  NOT NULL,
    CONSTRAINT a_group_has_each_share_of_its_capacity_once PRIMARY KEY (account_id, security_group_id, share),
    CONSTRAINT capacity_belongs_to_a_known_group FOREIGN KEY (account_id, security_group_id)
        REFERENCES security_groups (account_id, id) ON DELETE CASCADE,
    CONSTRAINT a_group_has_eight_shares_of_its_capacity CHECK (share BETWEEN 0 AND 7),
    CONSTRAINT a_group_takes_no_more_instances_than_its_limit CHECK (free >= 0)
) WITH (fillfactor = 50);
INSERT INTO security_group_capacity (account_id, security_group_id, share, free)
SELECT c.account_id, c.security_group_id, s.share, share_of_capacity(c.free, s.share::smallint)
FROM security_group_capacity_rows c
CROSS JOIN generate_series(0, 7) AS s (share);
DROP TABLE security_group_capacity_rows;

-- +goose StatementBegin
CREATE OR REPLACE FUNCTION create_capacity() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO security_group_capacity (account_id, security_group_id, share, free)
    SELECT NEW.account_id, NEW.id, share, share_of_capacity(NEW.instance_limit, share::smallint)
    FROM generate_series(0, 7) share;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Recounts the capacity of whole accounts, for a caller that holds the locks of everything in them.
CREATE OR REPLACE FUNCTION recount_capacity(accounts text[]) RETURNS void
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
CREATE OR REPLACE FUNCTION release_capacity(account text, groups text[], instance text, at timestamptz) RETURNS void
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
CREATE OR REPLACE FUNCTION acquire_capacity(account text, groups text[], instances text[], at timestamptz) RETURNS void
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
