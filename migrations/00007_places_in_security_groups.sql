-- +goose Up

-- How many more instances a security group takes. Its free places are kept in shares, so that those who take one, each under the lock of a
-- share, do not wait for each other; whether a group is full is decided under the locks of all shares. For each group:
--   free places + instances with an interface that stays in it + instances that leave it = its instance_limit.
CREATE TABLE security_group_places (
    account_id        text     NOT NULL,
    security_group_id text     NOT NULL,
    share             smallint NOT NULL,
    free              integer  NOT NULL,
    CONSTRAINT a_group_has_each_share_of_its_places_once PRIMARY KEY (account_id, security_group_id, share),
    CONSTRAINT a_place_is_of_a_known_group FOREIGN KEY (account_id, security_group_id)
        REFERENCES security_groups (account_id, id) ON DELETE CASCADE,
    CONSTRAINT a_group_has_eight_shares_of_its_places CHECK (share BETWEEN 0 AND 7),
    CONSTRAINT a_group_takes_no_more_instances_than_its_limit CHECK (free >= 0)
) WITH (fillfactor = 50);

-- An instance whose last interface in a group is on its way off keeps its place until then. Nobody has to come and give it back: who looks for a
-- place takes those that are due.
CREATE TABLE security_group_leavers (
    account_id        text        NOT NULL,
    security_group_id text        NOT NULL,
    instance_id       text        NOT NULL,
    leaves_at         timestamptz NOT NULL,
    CONSTRAINT an_instance_leaves_a_group_once PRIMARY KEY (account_id, security_group_id, instance_id),
    CONSTRAINT a_known_group_is_left FOREIGN KEY (account_id, security_group_id)
        REFERENCES security_groups (account_id, id) ON DELETE CASCADE,
    CONSTRAINT a_known_instance_leaves FOREIGN KEY (account_id, instance_id)
        REFERENCES instances (account_id, id) ON DELETE CASCADE
);
CREATE INDEX security_group_leavers_of_instance ON security_group_leavers (account_id, instance_id);

-- +goose StatementBegin
-- A share of so many free places, spread evenly.
CREATE FUNCTION share_of_places(free bigint, share smallint) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT (free / 8 + CASE WHEN share < free % 8 THEN 1 ELSE 0 END)::integer $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION open_places() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO security_group_places (account_id, security_group_id, share, free)
    SELECT NEW.account_id, NEW.id, share, share_of_places(NEW.instance_limit, share::smallint)
    FROM generate_series(0, 7) share;
    RETURN NULL;
END
$$;
-- +goose StatementEnd
CREATE TRIGGER a_new_group_has_all_its_places AFTER INSERT ON security_groups
    FOR EACH ROW EXECUTE FUNCTION open_places();

-- +goose StatementBegin
-- The places that instances have in groups, by the interfaces that they hold: to stay, or until leaves_at.
CREATE FUNCTION places_held(accounts text[])
RETURNS TABLE (account_id text, security_group_id text, instance_id text, stays boolean, leaves_at timestamptz)
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
-- Counts the places of whole accounts anew, for who holds the locks of all that they have.
CREATE FUNCTION count_places(accounts text[]) RETURNS void
LANGUAGE sql VOLATILE
AS $$
    DELETE FROM security_group_leavers l WHERE l.account_id = ANY (accounts);
    INSERT INTO security_group_leavers (account_id, security_group_id, instance_id, leaves_at)
    SELECT h.account_id, h.security_group_id, h.instance_id, h.leaves_at FROM places_held(accounts) h WHERE NOT h.stays;
    WITH held AS (
        SELECT h.account_id, h.security_group_id, count(*) AS places FROM places_held(accounts) h GROUP BY 1, 2
    ), kept AS (
        SELECT p.account_id, p.security_group_id, sum(p.free) AS free FROM security_group_places p WHERE p.account_id = ANY (accounts) GROUP BY 1, 2
    ), counted AS (
        SELECT g.account_id, g.id, greatest(g.instance_limit - coalesce(h.places, 0), 0) AS free
        FROM security_groups g
        JOIN kept k ON k.account_id = g.account_id AND k.security_group_id = g.id
        LEFT JOIN held h ON h.account_id = g.account_id AND h.security_group_id = g.id
        WHERE g.account_id = ANY (accounts) AND k.free <> greatest(g.instance_limit - coalesce(h.places, 0), 0)
    )
    UPDATE security_group_places p
    SET free = share_of_places(c.free, p.share)
    FROM counted c
    WHERE p.account_id = c.account_id AND p.security_group_id = c.id;
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Gives back the places that an instance has in some groups, and those of others that are due, for who holds the locks of all shares of these groups.
-- The row of another that is locked by somebody else is left alone: its owner may be waiting for a share.
CREATE FUNCTION give_back_places(account text, groups text[], instance text, at timestamptz) RETURNS void
LANGUAGE sql VOLATILE
AS $$
    WITH left_by_now AS (
        DELETE FROM security_group_leavers l
        USING (
            SELECT o.security_group_id, o.instance_id
            FROM security_group_leavers o
            WHERE o.account_id = account AND o.security_group_id = ANY (groups) AND (o.instance_id = instance OR o.leaves_at <= at)
            FOR UPDATE SKIP LOCKED
        ) free
        WHERE l.account_id = account AND l.security_group_id = free.security_group_id AND l.instance_id = free.instance_id
        RETURNING l.security_group_id
    ), given AS (
        SELECT security_group_id FROM left_by_now
        UNION ALL
        SELECT DISTINCT m.security_group_id
        FROM network_interfaces n
        JOIN network_interface_security_groups m ON m.account_id = n.account_id AND m.network_interface_id = n.id
        WHERE n.account_id = account AND n.instance_id = instance AND n.next_status IS DISTINCT FROM 'Available'
          AND m.security_group_id = ANY (groups)
    )
    UPDATE security_group_places p
    SET free = p.free + g.places
    FROM (SELECT security_group_id, count(*) AS places FROM given GROUP BY 1) g
    WHERE p.account_id = account AND p.security_group_id = g.security_group_id AND p.share = 0
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- Takes the places that instances have in some groups by the interfaces that they hold, under the same locks. A group that has too few refuses.
CREATE FUNCTION take_places(account text, groups text[], instances text[], at timestamptz) RETURNS void
LANGUAGE sql VOLATILE
AS $$
    WITH held AS (
        SELECT m.security_group_id, n.instance_id,
               bool_or(n.next_status IS DISTINCT FROM 'Available') AS stays, max(n.settles_at) FILTER (WHERE n.next_status = 'Available') AS leaves_at
        FROM network_interfaces n
        JOIN network_interface_security_groups m ON m.account_id = n.account_id AND m.network_interface_id = n.id
        WHERE n.account_id = account AND n.instance_id = ANY (instances) AND m.security_group_id = ANY (groups)
        GROUP BY m.security_group_id, n.instance_id
    ), leaving AS (
        INSERT INTO security_group_leavers (account_id, security_group_id, instance_id, leaves_at)
        SELECT account, h.security_group_id, h.instance_id, h.leaves_at FROM held h WHERE NOT h.stays AND h.leaves_at > at
    ), taken AS (
        SELECT h.security_group_id, count(*) AS places FROM held h WHERE h.stays OR h.leaves_at > at GROUP BY 1
    ), rest AS (
        SELECT p.security_group_id, sum(p.free) - t.places AS free
        FROM security_group_places p
        JOIN taken t ON t.security_group_id = p.security_group_id
        WHERE p.account_id = account
        GROUP BY p.security_group_id, t.places
    )
    UPDATE security_group_places p
    SET free = share_of_places(r.free::bigint, p.share)
    FROM rest r
    WHERE p.account_id = account AND p.security_group_id = r.security_group_id
$$;
-- +goose StatementEnd

INSERT INTO security_group_places (account_id, security_group_id, share, free)
SELECT g.account_id, g.id, share, share_of_places(g.instance_limit, share::smallint)
FROM security_groups g, generate_series(0, 7) share;
SELECT count_places(array_agg(id)) FROM accounts;

DROP FUNCTION groups_to_join(text, text, text);

-- For whoever settles what is on its way off an instance.
CREATE INDEX network_interfaces_on_their_way_off ON network_interfaces (account_id, instance_id) WHERE next_status = 'Available';

-- Checked at the end of a statement rather than at each row: one statement writes what many requests decided, and an interface may take the index
-- that another one leaves.
ALTER TABLE network_interfaces
    DROP CONSTRAINT a_device_index_is_taken_once,
    ADD CONSTRAINT a_device_index_is_taken_once UNIQUE (account_id, instance_id, device_index) DEFERRABLE INITIALLY IMMEDIATE;

-- +goose Down
ALTER TABLE network_interfaces
    DROP CONSTRAINT a_device_index_is_taken_once,
    ADD CONSTRAINT a_device_index_is_taken_once UNIQUE (account_id, instance_id, device_index);
DROP INDEX network_interfaces_on_their_way_off;

-- +goose StatementBegin
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

DROP FUNCTION take_places(text, text[], text[], timestamptz);
DROP FUNCTION give_back_places(text, text[], text, timestamptz);
DROP FUNCTION count_places(text[]);
DROP FUNCTION places_held(text[]);
DROP TRIGGER a_new_group_has_all_its_places ON security_groups;
DROP FUNCTION open_places();
DROP TABLE security_group_leavers, security_group_places;
DROP FUNCTION share_of_places(bigint, smallint);
