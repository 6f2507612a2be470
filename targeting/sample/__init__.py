"""The sample shop: a synthetic electronics shop with planted segments and counted dirt.

No company, person, address or telephone number in it is real. The same seed gives the same bytes.
"""

from targeting.sample.write import write_sample

__all__ = ["write_sample"]
