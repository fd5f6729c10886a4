-- One transaction that attaches an interface, or detaches it if it is attached, in the two tables that a textbook would have:
-- lock both rows, count, write. :pairs is the number of pairs of an instance and an interface of each client.
\set n :client_id + :clients * random(0, :pairs - 1)
BEGIN;
SELECT max_interfaces FROM textbook.instances WHERE id = concat('i-', :n::integer) FOR UPDATE;
SELECT instance_id FROM textbook.interfaces WHERE id = concat('eni-', :n::integer) FOR UPDATE;
SELECT count(*) FROM textbook.interfaces WHERE instance_id = concat('i-', :n::integer);
UPDATE textbook.interfaces
SET instance_id = CASE WHEN instance_id IS NULL THEN concat('i-', :n::integer) END
WHERE id = concat('eni-', :n::integer);
COMMIT;
