"""The portal: what people see. Django, server-rendered; the machines' side is ``salesbridge.edge``.

``salesbridge.portal.server`` serves it; ``areas`` finds its pages, ``access`` decides who may see one.
"""
