"""The portal: what people see. Django, server-rendered; the machines' side is ``salesbridge.edge``."""
