"""The pages, one module an area; ``salesbridge.portal.areas`` finds them by themselves."""
