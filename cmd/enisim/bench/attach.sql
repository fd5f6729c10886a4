-- One transaction that attaches an interface, or detaches it if it is attached: locks, count, write.
-- :pairs is the number of pairs of an instance and an interface of each client.
\set n :client_id + :clients * random(0, :pairs - 1)
BEGIN;
SELECT region_id, zone_id, vpc_id, eni_quantity, status, next_status, settles_at
FROM instances WHERE account_id = '1000000000000001' AND id = concat('i-spread-', :n::integer) FOR NO KEY UPDATE;
SELECT region_id, zone_id, vpc_id, type, status, next_status, settles_at, instance_id, device_index
FROM network_interfaces WHERE account_id = '1000000000000001' AND id = concat('eni-spread-', :n::integer) FOR NO KEY UPDATE;
SELECT count(*) FROM network_interfaces WHERE account_id = '1000000000000001' AND instance_id = concat('i-spread-', :n::integer);
UPDATE network_interfaces
SET status = CASE WHEN instance_id IS NULL THEN 'InUse' ELSE 'Available' END,
    instance_id = CASE WHEN instance_id IS NULL THEN concat('i-spread-', :n::integer) END,
    instance_eni_quantity = CASE WHEN instance_id IS NULL THEN 2 END,
    device_index = CASE WHEN instance_id IS NULL THEN 1 END
WHERE account_id = '1000000000000001' AND id = concat('eni-spread-', :n::integer);
COMMIT;
