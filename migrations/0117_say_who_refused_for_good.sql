-- Say who refused for good
--
-- Whoever has the application's role can insert a row that kills an event, or change one so that it
-- kills nothing. So each row bears a MAC by the key that is not in the database (decision 23), and
-- one without it counts for nothing. Rows of before this migration have none: what they are about is
-- judged once more, and whoever was refused holds the signed refusal.
--
-- depends: 0116_find_what_stops_and_waits

ALTER TABLE ledger.refusals ADD COLUMN mac bytea CHECK (octet_length(mac) = 32);
