"""The edge: what other systems call. It writes down what they say and answers; the work itself is done by workers."""
