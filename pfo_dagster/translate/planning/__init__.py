"""What a translation means, told to people before anything runs.

`plan` says what becomes of each field, `worst_case` what a run can cost at most, `diff` what
another version of a spec changes, and `page` (with `mermaid`, `markdown` and `phrases`) writes a
workflow down as documentation. Pure functions of specs; `pfo plan` and `pfo docs` print them.
"""
