-- +goose Up

-- An id is unique within its account only, so that two tenants can run the same scenario.
-- A composite key carries the columns that must agree (VPC, zone, limit) from parent to child, so that a foreign key refuses a
-- mismatch. What is only kept and shown has no column of its own: it is in attributes, a document whose form is a struct in
-- store. A column is for what a rule, a constraint or an order looks at.

CREATE TABLE vpcs (
    account_id        text        NOT NULL,
    id                text        NOT NULL,
    region_id         text        NOT NULL,
    cidr_block        cidr        NOT NULL,
    ipv6_cidr_block   cidr,
    name              text        NOT NULL DEFAULT '',
    description       text        NOT NULL DEFAULT '',
    resource_group_id text        NOT NULL DEFAULT '',
    tags              jsonb       NOT NULL DEFAULT '{}',
    attributes        jsonb       NOT NULL DEFAULT '{}',
    created_at        timestamptz NOT NULL,
    available_at      timestamptz,                      -- Pending until then; NULL: Available
    CONSTRAINT a_vpc_exists_once PRIMARY KEY (account_id, id),
    CONSTRAINT a_vpc_lies_in_one_region UNIQUE (account_id, id, region_id),
    CONSTRAINT a_vpc_belongs_to_an_account FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE,
    CONSTRAINT a_vpc_lies_in_a_known_region FOREIGN KEY (region_id) REFERENCES regions (id),
    CONSTRAINT a_vpc_has_ipv4 CHECK (family(cidr_block) = 4 AND (ipv6_cidr_block IS NULL OR family(ipv6_cidr_block) = 6))
);

CREATE TABLE vswitches (
    account_id        text        NOT NULL,
    id                text        NOT NULL,
    vpc_id            text        NOT NULL,
    region_id         text        NOT NULL,
    zone_id           text        NOT NULL,
    cidr_block        cidr        NOT NULL,
    ipv6_cidr_block   cidr,
    name              text        NOT NULL DEFAULT '',
    description       text        NOT NULL DEFAULT '',
    resource_group_id text        NOT NULL DEFAULT '',
    tags              jsonb       NOT NULL DEFAULT '{}',
    next_host         bigint      NOT NULL DEFAULT 1,   -- where the search for a free address begins: after the one assigned last
    created_at        timestamptz NOT NULL,
    available_at      timestamptz,                      -- Pending until then; NULL: Available
    CONSTRAINT a_vswitch_exists_once PRIMARY KEY (account_id, id),
    CONSTRAINT a_vswitch_lies_in_one_vpc_and_zone UNIQUE (account_id, id, vpc_id, zone_id),
    CONSTRAINT a_vswitch_lies_in_a_vpc_of_its_region FOREIGN KEY (account_id, vpc_id, region_id)
        REFERENCES vpcs (account_id, id, region_id) ON DELETE CASCADE,
    CONSTRAINT a_vswitch_lies_in_a_zone_of_its_region FOREIGN KEY (zone_id, region_id) REFERENCES zones (id, region_id),
    CONSTRAINT a_vswitch_has_ipv4 CHECK (family(cidr_block) = 4 AND (ipv6_cidr_block IS NULL OR family(ipv6_cidr_block) = 6)),
    CONSTRAINT the_search_for_an_address_begins_behind_the_network CHECK (next_host >= 1)
);
CREATE INDEX vswitches_of_vpc ON vswitches (account_id, vpc_id);

CREATE TABLE security_groups (
    account_id          text        NOT NULL,
    id                  text        NOT NULL,
    vpc_id              text        NOT NULL,
    region_id           text        NOT NULL,
    type                text        NOT NULL DEFAULT 'normal',
    instance_limit      integer     NOT NULL,             -- max instances with an attached interface in the group
    inner_access_policy text      NOT NULL DEFAULT 'Accept',
    name                text        NOT NULL DEFAULT '',
    description         text        NOT NULL DEFAULT '',
    resource_group_id   text        NOT NULL DEFAULT '',
    tags                jsonb       NOT NULL DEFAULT '{}',
    created_at          timestamptz NOT NULL,
    CONSTRAINT a_security_group_exists_once PRIMARY KEY (account_id, id),
    CONSTRAINT a_security_group_lies_in_one_vpc UNIQUE (account_id, id, vpc_id),
    CONSTRAINT a_security_group_lies_in_a_vpc_of_its_region FOREIGN KEY (account_id, vpc_id, region_id)
        REFERENCES vpcs (account_id, id, region_id) ON DELETE CASCADE,
    CONSTRAINT a_security_group_is_normal_or_enterprise CHECK (type IN ('normal', 'enterprise')),
    CONSTRAINT a_group_accepts_or_drops_what_its_members_send CHECK (inner_access_policy IN ('Accept', 'Drop')),
    CONSTRAINT a_security_group_limit_is_not_negative CHECK (instance_limit >= 0)
);
CREATE INDEX security_groups_of_vpc ON security_groups (account_id, vpc_id);

-- Rules are kept and shown; nothing is filtered by them. A rule has '' for what it does not name.
CREATE TABLE security_group_rules (
    account_id            text        NOT NULL,
    id                    text        NOT NULL,
    security_group_id     text        NOT NULL,
    direction             text        NOT NULL,
    ip_protocol           text        NOT NULL,
    port_range            text        NOT NULL,
    source_port_range     text        NOT NULL DEFAULT '',
    policy                text        NOT NULL,
    priority              integer     NOT NULL,
    nic_type              text        NOT NULL,
    source_cidr_ip        text        NOT NULL DEFAULT '',
    ipv6_source_cidr_ip   text        NOT NULL DEFAULT '',
    source_group_id       text,
    source_prefix_list_id text        NOT NULL DEFAULT '',
    dest_cidr_ip          text        NOT NULL DEFAULT '',
    ipv6_dest_cidr_ip     text        NOT NULL DEFAULT '',
    dest_group_id         text,
    dest_prefix_list_id   text        NOT NULL DEFAULT '',
    description           text        NOT NULL DEFAULT '',
    created_at            timestamptz NOT NULL,
    CONSTRAINT a_rule_exists_once PRIMARY KEY (account_id, id),
    CONSTRAINT a_rule_belongs_to_a_group FOREIGN KEY (account_id, security_group_id)
        REFERENCES security_groups (account_id, id) ON DELETE CASCADE,
    -- No cascade: a group that a rule of another group names cannot be deleted.
    CONSTRAINT a_rule_names_a_known_source_group FOREIGN KEY (account_id, source_group_id) REFERENCES security_groups (account_id, id),
    CONSTRAINT a_rule_names_a_known_destination_group FOREIGN KEY (account_id, dest_group_id) REFERENCES security_groups (account_id, id),
    CONSTRAINT a_rule_has_a_direction CHECK (direction IN ('ingress', 'egress')),
    CONSTRAINT a_rule_accepts_or_drops CHECK (policy IN ('Accept', 'Drop')),
    CONSTRAINT a_rule_has_a_documented_priority CHECK (priority BETWEEN 1 AND 100)
);
CREATE INDEX security_group_rules_of_group ON security_group_rules (account_id, security_group_id, id);
CREATE INDEX security_group_rules_by_source_group ON security_group_rules (account_id, source_group_id) WHERE source_group_id IS NOT NULL;
CREATE INDEX security_group_rules_by_dest_group ON security_group_rules (account_id, dest_group_id) WHERE dest_group_id IS NOT NULL;

-- +goose Down
DROP TABLE security_group_rules, security_groups, vswitches, vpcs;
