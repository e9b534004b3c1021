"""How fast the gateway and the token endpoint are, beside a bare streaming reverse proxy of the same framework."""
