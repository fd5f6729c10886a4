-- +goose Up

-- The data disks of an account. A system disk is part of its instance.
CREATE TABLE disks (
    account_id        text        NOT NULL,
    id                text        NOT NULL,
    region_id         text        NOT NULL,
    zone_id           text        NOT NULL,
    instance_id       text,                           -- the disk is on it, or on its way to it or off it; NULL: on none
    slot              integer,                        -- 1 is /dev/xvdb
    status            text        NOT NULL,
    next_status       text,
    settles_at        timestamptz,
    resource_group_id text        NOT NULL DEFAULT '',
    attributes        jsonb       NOT NULL DEFAULT '{}',
    created_at        timestamptz NOT NULL,
    attached_at       timestamptz,                    -- of the last attach
    detached_at       timestamptz,                    -- of the last detach
    CONSTRAINT a_disk_exists_once PRIMARY KEY (account_id, id),
    CONSTRAINT a_disk_belongs_to_an_account FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE,
    CONSTRAINT a_disk_lies_in_a_zone_of_its_region FOREIGN KEY (zone_id, region_id) REFERENCES zones (id, region_id),
    CONSTRAINT a_disk_is_on_a_known_instance FOREIGN KEY (account_id, instance_id) REFERENCES instances (account_id, id),
    CONSTRAINT a_slot_has_one_disk UNIQUE (account_id, instance_id, slot),
    CONSTRAINT an_instance_has_at_most_16_data_disks CHECK (slot BETWEEN 1 AND 16),
    CONSTRAINT a_disk_has_a_documented_status CHECK (status IN ('Creating', 'Available', 'Attaching', 'In_use', 'Detaching')),
    CONSTRAINT a_disk_has_an_instance_and_a_slot_by_its_status CHECK (
        (instance_id IS NOT NULL) = (status IN ('Attaching', 'In_use', 'Detaching'))
        AND (instance_id IS NULL) = (slot IS NULL)),
    CONSTRAINT a_disk_settles_from_a_transient_status CHECK (
        (next_status IS NULL AND settles_at IS NULL)
        OR (settles_at IS NOT NULL AND (status, next_status) IN
            (('Creating', 'Available'), ('Attaching', 'In_use'), ('Attaching', 'Available'), ('Detaching', 'Available'))))
);
CREATE INDEX disks_on_no_instance ON disks (account_id, region_id) WHERE instance_id IS NULL;

-- The data disks were part of their instances. Those beyond the limit are on none now.
INSERT INTO disks (account_id, id, region_id, zone_id, instance_id, slot, status, resource_group_id, attributes, created_at,
                   attached_at)
SELECT i.account_id, d.disk->>'ID', i.region_id, i.zone_id, CASE WHEN d.slot <= 16 THEN i.id END,
       CASE WHEN d.slot <= 16 THEN d.slot END, CASE WHEN d.slot <= 16 THEN 'In_use' ELSE 'Available' END,
       i.resource_group_id, d.disk - 'ID', i.created_at, i.created_at
FROM instances i
CROSS JOIN LATERAL jsonb_array_elements(i.attributes->'DataDisks') WITH ORDINALITY AS d (disk, slot);
UPDATE instances SET attributes = attributes - 'DataDisks' WHERE attributes ? 'DataDisks';

-- +goose Down
UPDATE instances i
SET attributes = i.attributes || jsonb_build_object('DataDisks', d.disks)
FROM (SELECT account_id, instance_id, jsonb_agg(attributes || jsonb_build_object('ID', id) ORDER BY slot) AS disks
      FROM disks WHERE instance_id IS NOT NULL GROUP BY account_id, instance_id) d
WHERE i.account_id = d.account_id AND i.id = d.instance_id;
DROP TABLE disks;
