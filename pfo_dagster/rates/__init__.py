"""Reference rates of currencies: the European Central Bank's, and made-up ones for the sandbox.

`ecb` reads the files that the bank publishes, `sources` fetches them or makes up a sample. Knows
neither the ledger nor Dagster.
"""

from pfo_dagster.rates.ecb import RatesError, ReferenceRate, read_csv, read_document, read_xml
from pfo_dagster.rates.sources import (
    Publication,
    RateSource,
    ecb_rates,
    published_currencies,
    sample_rates,
)

__all__ = [
    "Publication",
    "RateSource",
    "RatesError",
    "ReferenceRate",
    "ecb_rates",
    "published_currencies",
    "read_csv",
    "read_document",
    "read_xml",
    "sample_rates",
]
