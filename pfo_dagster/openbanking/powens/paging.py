"""Following `_links.next` from page to page without being led astray. Pure; called by `client`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx

from pfo_dagster.openbanking.powens.json_text import as_object

if TYPE_CHECKING:
    from collections.abc import Mapping


class PagingError(Exception):
    """The provider's pages lead nowhere good; the text says how, as the end of a sentence."""


@dataclass(slots=True)
class PageTrail:
    """The pages of one listing that were seen.

    Links are followed under `base` alone (same scheme, host, port and path prefix), since the token
    goes with each call; `max_pages` bounds a listing that does not end.
    """

    base: httpx.URL
    max_pages: int
    _visited: set[httpx.URL] = field(default_factory=set[httpx.URL])
    _last_rows: str = ""

    def follow(self, url: httpx.URL, content: Mapping[str, object], rows: str) -> httpx.URL | None:
        """The page after the one just read from `url`, or None at the end.

        `rows` tells the page's rows from others, such as a hash of them; empty if there are none.
        Raises `PagingError` for a link to another place, a page seen before, and too many pages.
        """
        if rows and rows == self._last_rows:
            raise PagingError("the same page came twice under two addresses")
        self._visited.add(url)
        self._last_rows = rows
        href = _next_href(content)
        if href is None:
            return None
        following = self._checked(url, href)
        if following in self._visited:
            raise PagingError("its pages lead back to one that was read before")
        if len(self._visited) >= self.max_pages:
            raise PagingError(f"it has more than {self.max_pages} pages; ask for a shorter period")
        return following

    def _checked(self, url: httpx.URL, href: str) -> httpx.URL:
        try:
            following = url.join(href)
        except httpx.InvalidURL:
            raise PagingError("the link to its next page is no address") from None
        same_server = (following.scheme, following.host, following.port) == (
            self.base.scheme,
            self.base.host,
            self.base.port,
        )
        if not same_server or following.userinfo or not following.path.startswith(self._prefix):
            raise PagingError(
                "the link to its next page leads to another address, which is not followed so that "
                "the token goes nowhere else"
            )
        return following

    @property
    def _prefix(self) -> str:
        return self.base.path.rstrip("/") + "/"


def _next_href(content: Mapping[str, object]) -> str | None:
    links = as_object(content.get("_links")) or {}
    following = links.get("next")
    href = (as_object(following) or {}).get("href", following)
    return href if isinstance(href, str) and href else None
