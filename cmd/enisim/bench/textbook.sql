-- The schema of attach.sql: an anchor that does not change with the schema of enisim.
CREATE SCHEMA textbook;
CREATE TABLE textbook.instances (
    id             text    PRIMARY KEY,
    max_interfaces integer NOT NULL
);
CREATE TABLE textbook.interfaces (
    id          text PRIMARY KEY,
    instance_id text REFERENCES textbook.instances (id)
);
CREATE INDEX ON textbook.interfaces (instance_id);
INSERT INTO textbook.instances SELECT concat('i-', n), 2 FROM generate_series(0, 1023) n;
INSERT INTO textbook.interfaces (id) SELECT concat('eni-', n) FROM generate_series(0, 1023) n;
ANALYZE textbook.instances, textbook.interfaces
