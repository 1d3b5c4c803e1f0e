"""The pages in which sprites are looked at, compared and judged; no server, no network."""
