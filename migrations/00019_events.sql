-- +goose Up

-- The record of changes and refusals. A transaction inserts its events last, when it has all its locks. So of two transactions that
-- need the same row, the one that commits first has the smaller numbers, and the order of numbers is an order of the changes. A number
-- may become visible after a greater one: readers stop before the first number that may still be in flight (store/event_horizon.go).
CREATE SEQUENCE event_numbers;

CREATE TABLE events (
    number      bigint      NOT NULL,
    recorded_at timestamptz NOT NULL, -- real time
    at          timestamptz NOT NULL, -- the time of the account
    account_id  text        NOT NULL, -- not a foreign key: events outlive their account
    request_id  text        NOT NULL,
    caller      text        NOT NULL, -- the access key, or the operation of an operator
    user_name   text        NOT NULL, -- the RAM user or the role; '': the account itself
    action      text        NOT NULL,
    outcome     text        NOT NULL, -- OK, or the code of the refusal
    fault       text        NOT NULL, -- the fault that struck; '': none
    resources   text[]      NOT NULL,
    changes     text        NOT NULL, -- JSON
    why         text,                 -- of a refusal; JSON
    CONSTRAINT an_event_has_a_number_of_its_own PRIMARY KEY (number, recorded_at)
) PARTITION BY RANGE (recorded_at);
CREATE INDEX events_of_an_account ON events (account_id, number);
CREATE INDEX refusals ON events (number) WHERE outcome <> 'OK';
CREATE INDEX refusals_of_an_account ON events (account_id, number) WHERE outcome <> 'OK';
-- Hashes, because an index of numbers costs an attach less than one of texts. Most events have two resources.
CREATE INDEX events_of_a_request ON events (hashtextextended(request_id, 0));
CREATE INDEX events_of_a_first_resource ON events (hashtextextended(resources[1], 0), number);
CREATE INDEX events_of_a_second_resource ON events (hashtextextended(resources[2], 0), number);

-- The third and further resources of events.
CREATE TABLE event_resources (
    resource_id text        NOT NULL,
    number      bigint      NOT NULL,
    recorded_at timestamptz NOT NULL,
    CONSTRAINT an_event_names_a_resource_once PRIMARY KEY (resource_id, number, recorded_at)
) PARTITION BY RANGE (recorded_at);

-- Events of a time without a partition. Servers create partitions ahead, so that these stay empty.
CREATE TABLE events_default PARTITION OF events DEFAULT;
CREATE TABLE event_resources_default PARTITION OF event_resources DEFAULT;

-- The partitions of both tables, which are named events_N and event_resources_N.
CREATE TABLE event_partitions (
    id      bigint      NOT NULL GENERATED ALWAYS AS IDENTITY,
    from_at timestamptz NOT NULL,
    to_at   timestamptz NOT NULL,
    CONSTRAINT an_event_partition_exists_once PRIMARY KEY (id),
    CONSTRAINT an_event_partition_has_a_length CHECK (from_at < to_at)
);

-- The greatest number that was dropped with its partition. A reader that comes from before it has missed events.
CREATE TABLE dropped_events (
    number bigint  NOT NULL DEFAULT 0,
    is_row boolean NOT NULL DEFAULT true,
    CONSTRAINT dropped_events_has_one_row PRIMARY KEY (is_row),
    CONSTRAINT dropped_events_has_no_other_row CHECK (is_row)
);
INSERT INTO dropped_events DEFAULT VALUES;

-- +goose StatementBegin
-- A partition is attached, not created in its place: that does not wait for the transactions that insert events. Events of its
-- time that are in the default partition already are moved.
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

-- +goose Down
DROP FUNCTION drop_event_partition(bigint);
DROP FUNCTION add_event_partition(timestamptz, timestamptz);
DROP TABLE dropped_events;
DROP TABLE event_partitions;
DROP TABLE event_resources;
DROP TABLE events;
DROP SEQUENCE event_numbers;
