"""The token endpoint and what stands beside it: metadata, keys, revocation, introspection."""
