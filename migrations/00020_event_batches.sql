-- +goose Up

-- The events of a transaction are one row: a row and five entries of indexes for each event were most of what an event cost. The
-- view events shows them one by one.

-- What an index of events has in place of a text. store.eventKey returns the same number.
CREATE FUNCTION event_key(text text) RETURNS bigint LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT ('x' || encode(substr(sha256(convert_to(text, 'UTF8')), 1, 8), 'hex'))::bit(64)::bigint
$$;

CREATE TABLE event_batches (
    first_number bigint      NOT NULL, -- the number of the first event; the others follow
    recorded_at  timestamptz NOT NULL, -- real time
    at           timestamptz NOT NULL, -- the time of the account, of the events without one of their own
    keys         bigint[]    NOT NULL, -- event_key of the accounts, requests and resources; of 'refusals' if one is a refusal
    events       text        NOT NULL, -- JSON: an array of at most 64 events
    CONSTRAINT an_event_batch_has_numbers_of_its_own PRIMARY KEY (first_number, recorded_at)
) PARTITION BY RANGE (recorded_at);

-- lz4 takes a fifth of the time of the other method, but not each build of Postgres has it.
-- +goose StatementBegin
DO $$ BEGIN
    IF 'lz4' = ANY (SELECT unnest(enumvals) FROM pg_settings WHERE name = 'default_toast_compression') THEN
        ALTER TABLE event_batches ALTER events SET COMPRESSION lz4;
    END IF;
END $$;
-- +goose StatementEnd

-- New entries wait in a list, which servers move into the index every few seconds, so that no attach has to.
CREATE INDEX event_batches_by_key ON event_batches USING gin (keys) WITH (gin_pending_list_limit = 16384);

-- Events of a time without a partition. Servers create partitions ahead, so that this one stays empty.
CREATE TABLE event_batches_default PARTITION OF event_batches DEFAULT;

-- A batch takes 64 numbers, whether it has as many events or fewer.
-- +goose StatementBegin
DO $$ BEGIN
    EXECUTE format('ALTER SEQUENCE event_numbers INCREMENT BY 64 RESTART WITH %s',
        (SELECT CASE WHEN is_called THEN last_value + 1 ELSE last_value END FROM event_numbers));
END $$;
-- +goose StatementEnd

DROP FUNCTION drop_event_partition(bigint);
DROP FUNCTION add_event_partition(timestamptz, timestamptz);

-- +goose StatementBegin
-- A partition is attached, not created in its place: that does not wait for the transactions that insert events. Events of its
-- time that are in the default partition already are moved.
CREATE FUNCTION attach_event_partition(partition bigint, range_from timestamptz, range_to timestamptz) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    name text := 'event_batches_' || partition;
BEGIN
    LOCK TABLE ONLY event_batches_default IN ACCESS EXCLUSIVE MODE;
    EXECUTE format('CREATE TABLE %I (LIKE event_batches INCLUDING ALL)', name);
    EXECUTE format('WITH moved AS (DELETE FROM event_batches_default WHERE recorded_at >= %L AND recorded_at < %L RETURNING *)
                    INSERT INTO %I SELECT * FROM moved', range_from, range_to, name);
    EXECUTE format('ALTER TABLE event_batches ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)', name, range_from, range_to);
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION add_event_partition(range_from timestamptz, range_to timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    partition bigint;
BEGIN
    INSERT INTO event_partitions (from_at, to_at) VALUES (range_from, range_to) RETURNING id INTO partition;
    PERFORM attach_event_partition(partition, range_from, range_to);
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION drop_event_partition(partition bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    newest bigint;
BEGIN
    EXECUTE format('SELECT max(first_number) + 63 FROM %I', 'event_batches_' || partition) INTO newest;
    UPDATE dropped_events SET number = greatest(number, newest);
    EXECUTE format('DROP TABLE %I', 'event_batches_' || partition);
    DELETE FROM event_partitions WHERE id = partition;
END $$;
-- +goose StatementEnd

SELECT attach_event_partition(id, from_at, to_at) FROM event_partitions;

-- An event of before keeps its number.
INSERT INTO event_batches (first_number, recorded_at, at, keys, events)
SELECT e.number, e.recorded_at, e.at,
       array(SELECT event_key(text) FROM unnest(
           ARRAY[e.account_id, e.request_id] || e.resources || CASE WHEN e.outcome <> 'OK' THEN ARRAY['refusals'] END) AS k (text)),
       json_build_array(json_strip_nulls(json_build_object(
           'account_id', e.account_id, 'request_id', e.request_id, 'caller', e.caller, 'user_name', e.user_name,
           'action', e.action, 'outcome', e.outcome, 'fault', e.fault, 'resources', e.resources,
           'changes', e.changes::json, 'why', e.why::json)))::text
FROM events e;

DROP TABLE event_resources;
DROP TABLE events;

CREATE VIEW events AS
SELECT b.first_number + e.position - 1 AS number, b.recorded_at, coalesce((e.event ->> 'at')::timestamptz, b.at) AS at,
       e.event ->> 'account_id' AS account_id, e.event ->> 'request_id' AS request_id, e.event ->> 'caller' AS caller,
       coalesce(e.event ->> 'user_name', '') AS user_name, e.event ->> 'action' AS action, e.event ->> 'outcome' AS outcome,
       coalesce(e.event ->> 'fault', '') AS fault,
       array(SELECT json_array_elements_text(e.event -> 'resources')) AS resources,
       coalesce(e.event ->> 'changes', '[]') AS changes, e.event ->> 'why' AS why
FROM event_batches b CROSS JOIN LATERAL json_array_elements(b.events::json) WITH ORDINALITY AS e (event, position);

-- +goose Down

ALTER VIEW events RENAME TO events_of_batches;

CREATE TABLE events (
    number      bigint      NOT NULL,
    recorded_at timestamptz NOT NULL,
    at          timestamptz NOT NULL,
    account_id  text        NOT NULL,
    request_id  text        NOT NULL,
    caller      text        NOT NULL,
    user_name   text        NOT NULL,
    action      text        NOT NULL,
    outcome     text        NOT NULL,
    fault       text        NOT NULL,
    resources   text[]      NOT NULL,
    changes     text        NOT NULL,
    why         text,
    CONSTRAINT an_event_has_a_number_of_its_own PRIMARY KEY (number, recorded_at)
) PARTITION BY RANGE (recorded_at);
CREATE INDEX events_of_an_account ON events (account_id, number);
CREATE INDEX refusals ON events (number) WHERE outcome <> 'OK';
CREATE INDEX refusals_of_an_account ON events (account_id, number) WHERE outcome <> 'OK';
CREATE INDEX events_of_a_request ON events (hashtextextended(request_id, 0));
CREATE INDEX events_of_a_first_resource ON events (hashtextextended(resources[1], 0), number);
CREATE INDEX events_of_a_second_resource ON events (hashtextextended(resources[2], 0), number);
CREATE TABLE event_resources (
    resource_id text        NOT NULL,
    number      bigint      NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT an_event_names_a_resource_once PRIMARY KEY (resource_id, number, recorded_at)
) PARTITION BY RANGE (recorded_at);
CREATE TABLE events_default PARTITION OF events DEFAULT;
CREATE TABLE event_resources_default PARTITION OF event_resources DEFAULT;

-- +goose StatementBegin
DO $$
DECLARE
    p event_partitions;
    parent text;
BEGIN
    FOR p IN SELECT * FROM event_partitions LOOP
        FOREACH parent IN ARRAY ARRAY['events', 'event_resources'] LOOP
            EXECUTE format('CREATE TABLE %I PARTITION OF %I FOR VALUES FROM (%L) TO (%L)',
                           parent || '_' || p.id, parent, p.from_at, p.to_at);
        END LOOP;
    END LOOP;
END $$;
-- +goose StatementEnd

INSERT INTO events SELECT * FROM events_of_batches;
INSERT INTO event_resources (resource_id, number, recorded_at)
SELECT DISTINCT r.id, e.number, e.recorded_at FROM events e CROSS JOIN LATERAL unnest(e.resources[3:]) AS r (id);

-- The numbers of the last batch are passed over.
-- +goose StatementBegin
DO $$ BEGIN
    EXECUTE format('ALTER SEQUENCE event_numbers INCREMENT BY 1 RESTART WITH %s',
        (SELECT CASE WHEN is_called THEN last_value + 64 ELSE last_value END FROM event_numbers));
END $$;
-- +goose StatementEnd

DROP VIEW events_of_batches;
DROP FUNCTION drop_event_partition(bigint);
DROP FUNCTION add_event_partition(timestamptz, timestamptz);
DROP FUNCTION attach_event_partition(bigint, timestamptz, timestamptz);
DROP TABLE event_batches;
DROP FUNCTION event_key(text);

-- +goose StatementBegin
CREATE FUNCTION add_event_partition(range_from timestamptz, range_to timestamptz) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    partition bigint;
    parent    text;
BEGIN
    LOCK TABLE ONLY events_default, event_resources_default IN ACCESS EXCLUSIVE MODE;
    INSERT INTO event_partitions (from_at, to_at) VALUES (range_from, range_to) RETURNING id INTO partition;
    FOREACH parent IN ARRAY ARRAY['events', 'event_resources'] LOOP
        EXECUTE format('CREATE TABLE %I (LIKE %I INCLUDING ALL)', parent || '_' || partition, parent);
        EXECUTE format('WITH moved AS (DELETE FROM %I WHERE recorded_at >= %L AND recorded_at < %L RETURNING *)
                        INSERT INTO %I SELECT * FROM moved',
                       parent || '_default', range_from, range_to, parent || '_' || partition);
        EXECUTE format('ALTER TABLE %I ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                       parent, parent || '_' || partition, range_from, range_to);
    END LOOP;
END $$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION drop_event_partition(partition bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    newest bigint;
BEGIN
    EXECUTE format('SELECT max(number) FROM %I', 'events_' || partition) INTO newest;
    UPDATE dropped_events SET number = greatest(number, newest);
    EXECUTE format('DROP TABLE %I, %I', 'events_' || partition, 'event_resources_' || partition);
    DELETE FROM event_partitions WHERE id = partition;
END $$;
-- +goose StatementEnd
