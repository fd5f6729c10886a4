-- +goose Up

-- The clocks of accounts whose time an operator has changed. An account without a row lives in real time. At a real time `at`, an
-- account's time is account_base plus rate times the real time that has passed since real_base, or account_base while the clock
-- is frozen. Each change sets both bases. announced says that every server has had the time to notice the row: a server that
-- knows no row keeps what it knows of a caller for a second, and one that knows a row reads it with each request. Until
-- then the row says real time, so that it makes no difference which servers know it.
CREATE TABLE account_clocks (
    account_id   text             NOT NULL,
    real_base    timestamptz      NOT NULL,
    account_base timestamptz      NOT NULL,
    rate         double precision NOT NULL,
    frozen       boolean          NOT NULL,
    announced    boolean          NOT NULL,
    CONSTRAINT an_account_has_one_clock PRIMARY KEY (account_id),
    CONSTRAINT a_clock_belongs_to_a_known_account FOREIGN KEY (account_id) REFERENCES accounts (id) ON DELETE CASCADE,
    CONSTRAINT a_clock_runs_forwards CHECK (rate > 0 AND rate <= 10000),
    CONSTRAINT a_clock_ends_a_century_before_the_calendar CHECK (account_base <= '9899-12-31 23:59:59.999999+00'),
    CONSTRAINT a_clock_says_real_time_until_it_is_announced CHECK (announced OR rate = 1 AND NOT frozen AND account_base = real_base)
);

-- The time of an account at a real time: disturbance.Clock.At in SQL, for statements about several accounts. A property test
-- holds the two together.

-- +goose StatementBegin
CREATE FUNCTION account_now(account text, at timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT coalesce((
        SELECT CASE
            WHEN c.frozen THEN c.account_base
            ELSE least(
                c.account_base + interval '1 microsecond' * least(2.5e17::double precision, floor(
                    c.rate * greatest(0, extract(epoch FROM at - c.real_base) * 1000000)::double precision)),
                '9899-12-31 23:59:59.999999+00')
        END
        FROM account_clocks c
        WHERE c.account_id = account), at)
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION account_now(text, timestamptz);
DROP TABLE account_clocks;
