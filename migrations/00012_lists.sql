-- +goose Up

-- The tags of instances and interfaces, so that a list by a tag finds its rows in the order of its pages. Triggers derive these rows
-- from the column tags, in the same transaction. A resource without tags has none, and costs nothing.
CREATE TABLE resource_tags (
    account_id  text NOT NULL,
    kind        text NOT NULL,                          -- 'instance' or 'network interface'
    key         text NOT NULL,                          -- both as tag_in_index shortens them
    value       text NOT NULL,
    resource_id text NOT NULL,
    CONSTRAINT a_resource_has_a_tag_once PRIMARY KEY (account_id, kind, key, value, resource_id)
);
-- Its condition always holds, and only the statements that repeat it use the index. In a small table, or one that was not analyzed,
-- the planner would take it for as good as the primary key when it looks up a pair, and plans are kept.
CREATE INDEX resource_tags_by_key ON resource_tags (account_id, kind, key, resource_id) WHERE key <> '';

-- +goose StatementBegin
-- A key or a value of a tag as it is in resource_tags. Scenarios may have texts that are too long for an index.
CREATE FUNCTION tag_in_index(t text) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT CASE WHEN length(t) > 128 THEN left(t, 96) || md5(t) ELSE t END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION index_tags() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        DELETE FROM resource_tags r
        USING jsonb_each_text(OLD.tags) t
        WHERE r.account_id = OLD.account_id AND r.kind = TG_ARGV[0] AND r.key = tag_in_index(t.key)
          AND r.value = tag_in_index(t.value) AND r.resource_id = OLD.id;
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO resource_tags (account_id, kind, key, value, resource_id)
        SELECT NEW.account_id, TG_ARGV[0], tag_in_index(t.key), tag_in_index(t.value), NEW.id
        FROM jsonb_each_text(NEW.tags) t
        ON CONFLICT DO NOTHING; -- two long texts that are shortened to the same one
    END IF;
    RETURN NULL;
END
$$;
-- +goose StatementEnd

CREATE TRIGGER tags_of_new_instances_are_indexed AFTER INSERT ON instances
    FOR EACH ROW WHEN (NEW.tags <> '{}') EXECUTE FUNCTION index_tags('instance');
CREATE TRIGGER changed_tags_of_instances_are_indexed AFTER UPDATE OF tags ON instances
    FOR EACH ROW WHEN (NEW.tags <> OLD.tags) EXECUTE FUNCTION index_tags('instance');
CREATE TRIGGER tags_of_deleted_instances_leave_the_index AFTER DELETE ON instances
    FOR EACH ROW WHEN (OLD.tags <> '{}') EXECUTE FUNCTION index_tags('instance');
CREATE TRIGGER tags_of_new_interfaces_are_indexed AFTER INSERT ON network_interfaces
    FOR EACH ROW WHEN (NEW.tags <> '{}') EXECUTE FUNCTION index_tags('network interface');
CREATE TRIGGER changed_tags_of_interfaces_are_indexed AFTER UPDATE OF tags ON network_interfaces
    FOR EACH ROW WHEN (NEW.tags <> OLD.tags) EXECUTE FUNCTION index_tags('network interface');
CREATE TRIGGER tags_of_deleted_interfaces_leave_the_index AFTER DELETE ON network_interfaces
    FOR EACH ROW WHEN (OLD.tags <> '{}') EXECUTE FUNCTION index_tags('network interface');

INSERT INTO resource_tags (account_id, kind, key, value, resource_id)
SELECT r.account_id, r.kind, tag_in_index(t.key), tag_in_index(t.value), r.id
FROM (
    SELECT account_id, 'instance' AS kind, id, tags FROM instances
    UNION ALL
    SELECT account_id, 'network interface', id, tags FROM network_interfaces) r
CROSS JOIN LATERAL jsonb_each_text(r.tags) t
ON CONFLICT DO NOTHING;

-- Interfaces are no longer counted by an index, since vswitch_counts has their number. A page of a region is read in order instead,
-- and the rows before it are skipped within the index. For the condition see above: no lookup by id may use this index.
DROP INDEX network_interfaces_of_region;
CREATE INDEX network_interfaces_of_region ON network_interfaces (account_id, region_id, id) WHERE id <> '';

-- Two statuses that are stored: a primary interface is InUse. Other interfaces have no entry in these indexes.
CREATE INDEX primary_network_interfaces ON network_interfaces (account_id, region_id, id) WHERE type = 'Primary';
CREATE INDEX network_interfaces_that_are_deleting ON network_interfaces (account_id, region_id, id) WHERE status = 'Deleting';

-- +goose Down
DROP INDEX network_interfaces_that_are_deleting;
DROP INDEX primary_network_interfaces;
DROP INDEX network_interfaces_of_region;
CREATE INDEX network_interfaces_of_region ON network_interfaces (account_id, region_id, type);
DROP TRIGGER tags_of_deleted_interfaces_leave_the_index ON network_interfaces;
DROP TRIGGER changed_tags_of_interfaces_are_indexed ON network_interfaces;
DROP TRIGGER tags_of_new_interfaces_are_indexed ON network_interfaces;
DROP TRIGGER tags_of_deleted_instances_leave_the_index ON instances;
DROP TRIGGER changed_tags_of_instances_are_indexed ON instances;
DROP TRIGGER tags_of_new_instances_are_indexed ON instances;
DROP FUNCTION index_tags();
DROP FUNCTION tag_in_index(text);
DROP TABLE resource_tags;
