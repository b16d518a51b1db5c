"""What is written above each figure of the page."""

from collections.abc import Mapping

CAPTIONS: Mapping[str, tuple[str, str]] = {
    "equity": (
        "Equity",
        "Growth of 1 after all costs, out of sample: the judged strategy, benchmarks, the best others.",
    ),
    "drawdown": ("Drawdown", "Loss since the highest equity so far."),
    "rolling_sharpe": ("Rolling Sharpe", "Annualised, over a moving window: an edge should not live in one season."),
    "rolling_volatility": ("Rolling volatility", "Annualised, of daily returns: how much was at stake when."),
    "rolling_beta": (
        "Rolling beta",
        "How much of the market's moves it went along with; near 0 it does not need them.",
    ),
    "daily_returns": ("Days", "Daily returns; days beyond the edges are counted in the outermost bars."),
    "monthly_returns": ("Monthly returns of ml_signal, %", "The last column is the calendar year, compounded."),
    "trades_on_price": (
        "Trades of ml_signal on price",
        "Triangles: entries; dots: exits; blue won, red lost after costs; crosses: stops. Double click: all of them.",
    ),
    "attribution": ("Attribution", "Profit of ml_signal after costs, by where and when it was made."),
    "attribution_by_month": ("Profit by month", "Of ml_signal, after costs."),
    "costs": ("Costs", "What each strategy paid to trade and to hold."),
    "cost_sensitivity": ("Cost sensitivity", "The same decisions, paid for at other costs."),
    "monte_carlo": ("Order of trades", "Deepest drawdown if the same trades had come in another order."),
    "variants": ("Every variant", "Sharpe ratios of all that was swept: the best of many looks good by chance."),
    "parameter_heat": (
        "Parameters of ml_signal",
        "Median Sharpe ratio over the others; a plateau is worth more than a peak.",
    ),
    "walk_forward_choices": (
        "Chosen walking forward",
        "Sharpe ratio on the training window that chose the parameters (hollow), then on the test window (solid).",
    ),
    "walk_forward_equity": (
        "Equity of the choices",
        "Parameters chosen anew on each training window; test windows only.",
    ),
    "stress": ("Stress", "ml_signal where history was hardest, and with its conditions made worse."),
    "fold_scores": (
        "Scores by fold",
        "Each fold is later than what its model learned from; dotted: a coin.",
    ),
    "calibration": ("Calibration", "On the diagonal a probability means what it says; dot size: candles."),
    "hit_rate_by_confidence": (
        "Hit rate by confidence",
        "On the dotted line a forecast is right as often as it says; whiskers: what chance alone does.",
    ),
    "hit_rates_by_group": (
        "Hit rate by symbol and market, %",
        "Coloured where the interval leaves out one half. Calm to wild: volatility against what it was before.",
    ),
    "explanation": (
        "What the best candidate leans on",
        "On rows it had not seen; whiskers: what chance does. Features that say the same stand in for each other.",
    ),
    "feature_importance": (
        "Feature importance, final fit",
        "What the trees that are served lean on; importance is not causation.",
    ),
    "importance_by_fold": ("Importance by fold", "Bars: the mean; marks: the folds. Wide apart: a matter of luck."),
    "information_by_fold": (
        "Information coefficient by fold",
        "Rank correlation of a feature alone with the return that followed, on rows no model of the fold had seen.",
    ),
    "walk_forward": (
        "Walk-forward folds",
        "Marks: rows left out, their labels known too late or too shortly before; below: symbols listed late or gone.",
    ),
    "combinatorial_paths": (
        "Many ways through the history",
        "Cheap models on every path of the combinatorial cross-validation: each dot is one whole history.",
    ),
    "search_history": (
        "The search, trial by trial",
        "On inner folds of the first fold's training rows; dotted: the configured settings; crosses: pruned.",
    ),
    "search_importance": (
        "Which settings mattered",
        "By analysis of variance over a forest fitted to the complete trials; with few of them a hint, not a finding.",
    ),
    "coverage": ("Coverage", "Blue where no candle is missing between a series' first and last one."),
    "quarantined": ("Set aside", "Rows that break the contract of a candle, by reason."),
    "anomalies": (
        "Worth a look",
        "Valid candles that stand out, kept as they are; the larger the dot, the further out.",
    ),
    "divergence": (
        "Divergence between exchanges",
        "Distance from the others: mean (solid), highest (dotted); a cross where an exchange was left out.",
    ),
}
"""Title and caption of each figure that the page knows a place for."""
