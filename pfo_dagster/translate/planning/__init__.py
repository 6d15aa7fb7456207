"""What a translation means, told to people before anything runs.

`judging` says what is wrong with specs, `plan` what becomes of each field, `worst_case` what a run
can cost at most, `diff` what another version of a spec changes, and `page` (with `mermaid`,
`markdown` and `phrases`) writes a workflow down as documentation. Pure functions of specs;
`pfo check`, `pfo plan` and `pfo docs` print them.
"""
