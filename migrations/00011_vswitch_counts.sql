-- +goose Up

-- How many interfaces and IPv4 addresses a VSwitch has is kept, so that a quota, a total or the free addresses cost the same
-- whatever there is. The rows of a VSwitch are changes, and their sum is the count: a transaction that creates or deletes
-- interfaces adds a row and waits for nobody, whatever else it has locked. A transaction that has the lock of the VSwitch
-- replaces many rows by one. An interface whose deletion is due counts until its row is purged.
CREATE TABLE vswitch_counts (
    account_id           text    NOT NULL,
    vswitch_id           text    NOT NULL,
    interfaces           bigint  NOT NULL,
    secondary_interfaces bigint  NOT NULL,
    ipv4_addresses       bigint  NOT NULL             -- a prefix is 16 addresses
);
CREATE INDEX vswitch_counts_of_vswitch ON vswitch_counts (account_id, vswitch_id);

-- +goose StatementBegin
-- Counts the VSwitches of whole accounts anew, for a caller that holds the locks of everything in them.
CREATE FUNCTION recount_vswitches(accounts text[]) RETURNS void
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
-- Replaces the rows of a VSwitch by one if there are many, for a caller that holds the VSwitch's lock.
CREATE FUNCTION compact_vswitch_counts(account text, vswitch text) RETURNS void
LANGUAGE plpgsql VOLATILE
AS $$
BEGIN
    IF (SELECT count(*) FROM vswitch_counts WHERE account_id = account AND vswitch_id = vswitch) > 64 THEN
        WITH changes AS (
            DELETE FROM vswitch_counts WHERE account_id = account AND vswitch_id = vswitch RETURNING *
        )
        INSERT INTO vswitch_counts (account_id, vswitch_id, interfaces, secondary_interfaces, ipv4_addresses)
        SELECT account, vswitch, sum(interfaces), sum(secondary_interfaces), sum(ipv4_addresses)
        FROM changes HAVING count(*) > 0;
    END IF;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION count_interfaces() RETURNS trigger
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

-- +goose StatementBegin
CREATE FUNCTION count_addresses() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    sign integer := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
    INSERT INTO vswitch_counts (account_id, vswitch_id, interfaces, secondary_interfaces, ipv4_addresses)
    SELECT account_id, vswitch_id, 0, 0, sign * count(*)
    FROM changed WHERE family(address) = 4 GROUP BY 1, 2;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION count_prefixes() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    sign integer := CASE TG_OP WHEN 'INSERT' THEN 1 ELSE -1 END;
BEGIN
    INSERT INTO vswitch_counts (account_id, vswitch_id, interfaces, secondary_interfaces, ipv4_addresses)
    SELECT account_id, vswitch_id, 0, 0, sign * 16 * count(*)
    FROM changed WHERE family(prefix) = 4 GROUP BY 1, 2;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

-- An interface changes its type only while a world is applied, which counts anew at its end. It never changes its VSwitch.
CREATE TRIGGER new_interfaces_are_counted AFTER INSERT ON network_interfaces
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_interfaces();
CREATE TRIGGER deleted_interfaces_are_counted AFTER DELETE ON network_interfaces
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_interfaces();
CREATE TRIGGER new_addresses_are_counted AFTER INSERT ON private_ip_addresses
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_addresses();
CREATE TRIGGER released_addresses_are_counted AFTER DELETE ON private_ip_addresses
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_addresses();
CREATE TRIGGER new_prefixes_are_counted AFTER INSERT ON ip_prefixes
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_prefixes();
CREATE TRIGGER released_prefixes_are_counted AFTER DELETE ON ip_prefixes
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION count_prefixes();

SELECT recount_vswitches((SELECT array_agg(id) FROM accounts));

-- +goose StatementBegin
-- The number of private IPv4 addresses of a VSwitch that are in use at a time.
CREATE OR REPLACE FUNCTION ipv4_addresses_in_use(account text, vswitch text, at timestamptz) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT (SELECT coalesce(sum(c.ipv4_addresses), 0)::bigint
            FROM vswitch_counts c WHERE c.account_id = account AND c.vswitch_id = vswitch)
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
-- +goose StatementBegin
-- The number of private IPv4 addresses of a VSwitch that are in use at a time; a prefix is 16 addresses.
CREATE OR REPLACE FUNCTION ipv4_addresses_in_use(account text, vswitch text, at timestamptz) RETURNS bigint
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

DROP TRIGGER released_prefixes_are_counted ON ip_prefixes;
DROP TRIGGER new_prefixes_are_counted ON ip_prefixes;
DROP TRIGGER released_addresses_are_counted ON private_ip_addresses;
DROP TRIGGER new_addresses_are_counted ON private_ip_addresses;
DROP TRIGGER deleted_interfaces_are_counted ON network_interfaces;
DROP TRIGGER new_interfaces_are_counted ON network_interfaces;
DROP FUNCTION count_prefixes();
DROP FUNCTION count_addresses();
DROP FUNCTION count_interfaces();
DROP FUNCTION compact_vswitch_counts(text, text);
DROP FUNCTION recount_vswitches(text[]);
DROP TABLE vswitch_counts;
