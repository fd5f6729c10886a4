-- +goose Up

-- Quotas of an account that an operator may set. NULL is as documented: no limit of instances, 10 groups, and for addresses the
-- limit of the instance's type, or 50 and 10 while the interface is on no instance.
ALTER TABLE accounts
    ADD COLUMN instances_per_region                  integer,
    ADD COLUMN security_groups_per_network_interface integer,
    ADD COLUMN private_ipv4_per_network_interface    integer,
    ADD COLUMN ipv6_per_network_interface            integer,
    ADD CONSTRAINT a_quota_of_instances_is_not_negative CHECK (instances_per_region >= 0),
    ADD CONSTRAINT an_interface_may_be_in_a_group CHECK (security_groups_per_network_interface >= 1),
    ADD CONSTRAINT an_interface_may_have_its_primary_address CHECK (private_ipv4_per_network_interface >= 1),
    ADD CONSTRAINT a_quota_of_ipv6_is_not_negative CHECK (ipv6_per_network_interface >= 0);

-- +goose Down
ALTER TABLE accounts
    DROP COLUMN instances_per_region,
    DROP COLUMN security_groups_per_network_interface,
    DROP COLUMN private_ipv4_per_network_interface,
    DROP COLUMN ipv6_per_network_interface;
