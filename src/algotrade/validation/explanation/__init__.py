"""What a model leans on, by what it said of rows that it had not seen. For reading only."""

from algotrade.validation.explanation.contributions import tree_contributions
from algotrade.validation.explanation.permutation import permutation_importance
from algotrade.validation.explanation.rows import COLUMNS, FoldRows, unseen_rows

__all__ = ["COLUMNS", "FoldRows", "permutation_importance", "tree_contributions", "unseen_rows"]
