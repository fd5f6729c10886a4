-- +goose Up

-- The interfaces of a region are counted for TotalCount, and the secondary ones for the quota. Few of its entries differ, so the index is a
-- tenth of one with ids, and a count reads nothing else as long as Postgres has vacuumed the table.
CREATE INDEX network_interfaces_of_region ON network_interfaces (account_id, region_id, type);
DROP INDEX secondary_network_interfaces_of_region;

-- +goose Down
CREATE INDEX secondary_network_interfaces_of_region ON network_interfaces (account_id, region_id) WHERE type = 'Secondary';
DROP INDEX network_interfaces_of_region;
