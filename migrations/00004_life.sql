-- +goose Up

-- What is only kept and shown has no column of its own: it is in attributes, a document whose form is a struct in store. What a rule, a constraint
-- or a list's order looks at is a column.

ALTER TABLE vpcs
    ADD COLUMN attributes   jsonb NOT NULL DEFAULT '{}',
    ADD COLUMN available_at timestamptz;                -- Pending until then; NULL: Available

ALTER TABLE vswitches
    ADD COLUMN available_at timestamptz,
    ADD COLUMN next_host    bigint NOT NULL DEFAULT 1,  -- where the search for a free address begins: behind the one given last
    ADD CONSTRAINT the_search_for_an_address_begins_behind_the_network CHECK (next_host >= 1);

ALTER TABLE security_groups
    ADD COLUMN inner_access_policy text NOT NULL DEFAULT 'Accept',
    ADD CONSTRAINT a_group_accepts_or_drops_what_its_members_send CHECK (inner_access_policy IN ('Accept', 'Drop'));

-- An instance that is created and started at once is Pending, Starting and Running: a second step, at running_at.
ALTER TABLE instances
    ADD COLUMN running_at timestamptz,
    ADD COLUMN started_at timestamptz,                  -- of the last start; NULL: never
    ADD COLUMN attributes jsonb NOT NULL DEFAULT '{}',
    DROP CONSTRAINT an_instance_settles_from_a_transient_status,
    ADD CONSTRAINT an_instance_settles_from_a_transient_status CHECK (
        (next_status IS NULL AND settles_at IS NULL)
        OR (settles_at IS NOT NULL AND (status, next_status) IN
            (('Pending', 'Running'), ('Pending', 'Stopped'), ('Pending', 'Starting'), ('Starting', 'Running'), ('Stopping', 'Stopped')))),
    ADD CONSTRAINT an_instance_that_will_start_will_run CHECK (
        (next_status IS NOT DISTINCT FROM 'Starting') = (running_at IS NOT NULL) AND (running_at >= settles_at) IS NOT FALSE);
UPDATE instances SET started_at = created_at;

ALTER TABLE network_interfaces
    ADD COLUMN attributes jsonb NOT NULL DEFAULT '{}';
-- For whoever needs the place of interfaces that are gone: their rows stay until then.
CREATE INDEX network_interfaces_on_their_way_out ON network_interfaces (account_id, vswitch_id) WHERE next_status = 'Deleted';
-- For the quota.
CREATE INDEX secondary_network_interfaces_of_region ON network_interfaces (account_id, region_id) WHERE type = 'Secondary';

-- A /28 of IPv4 or a /80 of IPv6, given to an interface as a whole. No address of the VSwitch lies in it: who gives out addresses or prefixes holds
-- the VSwitch's lock.
CREATE TABLE ip_prefixes (
    account_id           text NOT NULL,
    vswitch_id           text NOT NULL,
    prefix               cidr NOT NULL,
    network_interface_id text NOT NULL,
    CONSTRAINT a_prefix_is_given_once_in_a_vswitch PRIMARY KEY (account_id, vswitch_id, prefix),
    CONSTRAINT a_prefix_comes_from_the_vswitch_of_its_eni FOREIGN KEY (account_id, network_interface_id, vswitch_id)
        REFERENCES network_interfaces (account_id, id, vswitch_id) ON DELETE CASCADE,
    CONSTRAINT a_prefix_has_the_documented_length CHECK (masklen(prefix) = CASE family(prefix) WHEN 4 THEN 28 ELSE 80 END)
);
CREATE INDEX ip_prefixes_of_eni ON ip_prefixes (account_id, network_interface_id, vswitch_id);

-- Rules are kept and shown; nothing is filtered. '' stands for what a rule does not name.
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

-- The answer to a request with a ClientToken, written in the transaction of its effect.
CREATE TABLE client_tokens (
    account_id   text        NOT NULL,
    action       text        NOT NULL,
    token        text        NOT NULL,
    request_hash bytea       NOT NULL,
    answer       jsonb,                                 -- NULL only inside the transaction
    created_at   timestamptz NOT NULL,
    CONSTRAINT a_client_token_takes_effect_once PRIMARY KEY (account_id, action, token),
    CONSTRAINT a_client_token_belongs_to_an_account FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE
);
CREATE INDEX client_tokens_by_age ON client_tokens (account_id, created_at);

-- The name of a temporary key's role and session, which GetCallerIdentity shows.
ALTER TABLE access_keys
    ADD COLUMN assumed_role text,
    ADD CONSTRAINT only_a_temporary_key_has_a_role CHECK (assumed_role IS NULL OR security_token IS NOT NULL);

DROP FUNCTION settled_instances(timestamptz);
DROP FUNCTION settled_network_interfaces(timestamptz);

-- +goose StatementBegin
CREATE FUNCTION settled_network_interfaces(at timestamptz)
RETURNS TABLE (
    account_id text, id text, region_id text, zone_id text, vpc_id text, vswitch_id text, type text,
    status text, instance_id text, device_index integer, network_card_index integer,
    mac_address text, queue_number integer, delete_on_release boolean, source_dest_check boolean, service_managed boolean,
    name text, description text, resource_group_id text, tags jsonb, attributes jsonb, created_at timestamptz, stored_instance_id text
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT n.account_id, n.id, n.region_id, n.zone_id, n.vpc_id, n.vswitch_id, n.type,
           CASE WHEN n.settles_at <= at THEN n.next_status ELSE n.status END,
           CASE WHEN n.settles_at <= at AND n.next_status = 'Available' THEN NULL ELSE n.instance_id END,
           CASE WHEN n.settles_at <= at AND n.next_status = 'Available' THEN NULL ELSE n.device_index END,
           CASE WHEN n.settles_at <= at AND n.next_status = 'Available' THEN NULL ELSE n.network_card_index END,
           n.mac_address, n.queue_number, n.delete_on_release, n.source_dest_check, n.service_managed,
           n.name, n.description, n.resource_group_id, n.tags, n.attributes, n.created_at, n.instance_id
    FROM network_interfaces n
    WHERE (n.settles_at <= at AND n.next_status = 'Deleted') IS NOT TRUE
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION settled_instances(at timestamptz)
RETURNS TABLE (
    account_id text, id text, region_id text, zone_id text, network_type text, vpc_id text, vswitch_id text,
    instance_type_owner_id text, instance_type text, status text,
    name text, description text, host_name text, resource_group_id text, tags jsonb, attributes jsonb,
    created_at timestamptz, started_at timestamptz
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT i.account_id, i.id, i.region_id, i.zone_id, i.network_type, i.vpc_id, i.vswitch_id,
           i.instance_type_owner_id, i.instance_type,
           CASE WHEN i.running_at <= at THEN 'Running' WHEN i.settles_at <= at THEN i.next_status ELSE i.status END,
           i.name, i.description, i.host_name, i.resource_group_id, i.tags, i.attributes, i.created_at, i.started_at
    FROM instances i
$$;
-- +goose StatementEnd

-- +goose StatementBegin
-- How many private IPv4 addresses of a VSwitch are taken at a moment; a prefix takes 16.
CREATE FUNCTION taken_ipv4(account text, vswitch text, at timestamptz) RETURNS bigint
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT (SELECT count(*) FROM private_ip_addresses a
            WHERE a.account_id = account AND a.vswitch_id = vswitch AND family(a.address) = 4)
         + (SELECT 16 * count(*) FROM ip_prefixes p
            WHERE p.account_id = account AND p.vswitch_id = vswitch AND family(p.prefix) = 4)
         - (SELECT coalesce(sum(
                (SELECT count(*) FROM private_ip_addresses a
                 WHERE a.account_id = n.account_id AND a.network_interface_id = n.id AND family(a.address) = 4)
              + (SELECT 16 * count(*) FROM ip_prefixes p
                 WHERE p.account_id = n.account_id AND p.network_interface_id = n.id AND family(p.prefix) = 4)), 0)::bigint
            FROM network_interfaces n
            WHERE n.account_id = account AND n.vswitch_id = vswitch AND n.next_status = 'Deleted' AND n.settles_at <= at)
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION taken_ipv4(text, text, timestamptz);
DROP FUNCTION settled_instances(timestamptz);
DROP FUNCTION settled_network_interfaces(timestamptz);

-- +goose StatementBegin
CREATE FUNCTION settled_network_interfaces(at timestamptz)
RETURNS TABLE (
    account_id text, id text, region_id text, zone_id text, vpc_id text, vswitch_id text, type text,
    status text, instance_id text, device_index integer, network_card_index integer,
    mac_address text, queue_number integer, delete_on_release boolean, source_dest_check boolean, service_managed boolean,
    name text, description text, resource_group_id text, tags jsonb, created_at timestamptz, stored_instance_id text
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT n.account_id, n.id, n.region_id, n.zone_id, n.vpc_id, n.vswitch_id, n.type,
           CASE WHEN n.settles_at <= at THEN n.next_status ELSE n.status END,
           CASE WHEN n.settles_at <= at AND n.next_status = 'Available' THEN NULL ELSE n.instance_id END,
           CASE WHEN n.settles_at <= at AND n.next_status = 'Available' THEN NULL ELSE n.device_index END,
           CASE WHEN n.settles_at <= at AND n.next_status = 'Available' THEN NULL ELSE n.network_card_index END,
           n.mac_address, n.queue_number, n.delete_on_release, n.source_dest_check, n.service_managed,
           n.name, n.description, n.resource_group_id, n.tags, n.created_at, n.instance_id
    FROM network_interfaces n
    WHERE (n.settles_at <= at AND n.next_status = 'Deleted') IS NOT TRUE
$$;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE FUNCTION settled_instances(at timestamptz)
RETURNS TABLE (
    account_id text, id text, region_id text, zone_id text, network_type text, vpc_id text, vswitch_id text,
    instance_type_owner_id text, instance_type text, status text,
    name text, description text, host_name text, resource_group_id text, tags jsonb, created_at timestamptz
)
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT i.account_id, i.id, i.region_id, i.zone_id, i.network_type, i.vpc_id, i.vswitch_id,
           i.instance_type_owner_id, i.instance_type,
           CASE WHEN i.settles_at <= at THEN i.next_status ELSE i.status END,
           i.name, i.description, i.host_name, i.resource_group_id, i.tags, i.created_at
    FROM instances i
$$;
-- +goose StatementEnd

DROP TABLE client_tokens, security_group_rules, ip_prefixes;
DROP INDEX network_interfaces_on_their_way_out, secondary_network_interfaces_of_region;
ALTER TABLE access_keys DROP CONSTRAINT only_a_temporary_key_has_a_role, DROP COLUMN assumed_role;
ALTER TABLE network_interfaces DROP COLUMN attributes;
-- The older schema has no second step: who is on its way to Starting is Running.
UPDATE instances SET next_status = 'Running', settles_at = running_at, running_at = NULL WHERE running_at IS NOT NULL;
ALTER TABLE instances
    DROP CONSTRAINT an_instance_that_will_start_will_run,
    DROP CONSTRAINT an_instance_settles_from_a_transient_status,
    DROP COLUMN running_at,
    DROP COLUMN started_at,
    DROP COLUMN attributes,
    ADD CONSTRAINT an_instance_settles_from_a_transient_status CHECK (
        (next_status IS NULL AND settles_at IS NULL)
        OR (settles_at IS NOT NULL AND (status, next_status) IN
            (('Pending', 'Running'), ('Pending', 'Stopped'), ('Starting', 'Running'), ('Stopping', 'Stopped'))));
ALTER TABLE security_groups
    DROP CONSTRAINT a_group_accepts_or_drops_what_its_members_send,
    DROP COLUMN inner_access_policy;
ALTER TABLE vswitches
    DROP CONSTRAINT the_search_for_an_address_begins_behind_the_network,
    DROP COLUMN available_at,
    DROP COLUMN next_host;
ALTER TABLE vpcs DROP COLUMN attributes, DROP COLUMN available_at;
