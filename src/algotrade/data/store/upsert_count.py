"""What an upsert did."""

from dataclasses import dataclass


@dataclass(frozen=True)
class UpsertCount:
    """How many rows of an upsert were new, differed from what was stored, or said the same.

    >>> UpsertCount(1, 0, 2) + UpsertCount(0, 1, 0)
    UpsertCount(new=1, changed=1, unchanged=2)
    """

    new: int
    changed: int
    unchanged: int

    def __add__(self, other: "UpsertCount") -> "UpsertCount":
        return UpsertCount(self.new + other.new, self.changed + other.changed, self.unchanged + other.unchanged)
