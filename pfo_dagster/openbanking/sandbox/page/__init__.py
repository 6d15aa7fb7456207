"""The sandbox's page at `/` of a served sandbox: what it is like, and forms to change that by hand.

`with_page` is what `pfo sandbox serve` calls. `routes` answers this computer's browser alone,
`forms` does what a form asks for, `overview` says what is to be seen, `markup` writes it as HTML.
"""

from pfo_dagster.openbanking.sandbox.page.routes import with_page

__all__ = ["with_page"]
