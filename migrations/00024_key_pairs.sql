-- +goose Up

-- The key pairs of an account: their public halves. No table has a private one. Instances have the name of their key pair, and
-- keep it when the key pair is deleted.
CREATE TABLE key_pairs (
    account_id        text        NOT NULL,
    region_id         text        NOT NULL,
    name              text        NOT NULL,
    public_key        text        NOT NULL,           -- type, Base64 and comment, as in an authorized_keys file
    fingerprint       text        NOT NULL,           -- MD5 of the key, in hexadecimal bytes with colons
    resource_group_id text        NOT NULL DEFAULT '',
    tags              jsonb       NOT NULL DEFAULT '{}',
    created_at        timestamptz NOT NULL,
    CONSTRAINT a_key_pair_has_a_name_of_its_own_in_a_region PRIMARY KEY (account_id, region_id, name),
    CONSTRAINT a_key_pair_belongs_to_an_account FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE,
    CONSTRAINT a_key_pair_lies_in_a_known_region FOREIGN KEY (region_id) REFERENCES regions (id),
    CONSTRAINT a_key_pair_has_the_fingerprint_of_its_key CHECK (
        fingerprint ~ '^[0-9a-f]{2}(:[0-9a-f]{2}){15}$'
        AND replace(fingerprint, ':', '') = md5(decode(split_part(public_key, ' ', 2), 'base64')))
);

-- +goose Down
DROP TABLE key_pairs;
