"""The command line: `techledger <noun> <verb>`."""
