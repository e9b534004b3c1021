"""Configuration of the documentation."""
# ruff: noqa: INP001 - Sphinx reads it, nothing imports it

project = "Salesbridge"
copyright = "Salesbridge"  # noqa: A001 - Sphinx's name
extensions = ["myst_parser", "sphinxcontrib.mermaid"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_fence_as_directive = ["mermaid"]
myst_heading_anchors = 3
highlight_language = "text"
html_theme = "furo"
html_title = "Salesbridge"
exclude_patterns = ["_build", "_tools"]
