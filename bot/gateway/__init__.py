"""The connections to Discord's gateway: what the bot knows by them (`client`), how each is kept
(`shards`), and when one may be begun (`session_starts`). What none of them tells is asked for over
REST (`asking`)."""
