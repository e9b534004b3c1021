"""Protocol definitions of others, and the code generated from them.

``pubsub_api.proto`` is Salesforce's definition of the Pub/Sub API, from its repository forcedotcom/pub-sub-api at
commit 0ba4701 (3 September 2024), licence CC0-1.0. ``make proto`` generates the Python code beside it. The connector
and the simulated org both speak it, so both import it from here.
"""
